"""The adapter for every EVM network; only bootstrap imports it."""
