"""Facts about networks that this machine does not run; skipped unless a node is named."""
