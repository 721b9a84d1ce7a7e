"""The whole story through HTTP."""
