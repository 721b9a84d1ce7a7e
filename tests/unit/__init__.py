"""Rules and values in milliseconds, without input or output."""
