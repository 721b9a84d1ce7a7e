"""Developer programs that read the tree and import none of it."""
