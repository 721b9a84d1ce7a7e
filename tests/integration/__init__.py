"""Single parts against real servers."""
