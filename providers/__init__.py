"""Talking to companies: game providers, screening and risk opinions."""
