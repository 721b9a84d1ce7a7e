"""Histories and names of released versions against today's code."""
