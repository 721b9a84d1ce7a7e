"""Tron networks over the HTTP API of their nodes."""
