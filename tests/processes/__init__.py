"""One file per workflow, with a fault at every step."""
