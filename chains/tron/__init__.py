"""The adapter for every Tron network; only bootstrap imports it."""
