"""Builds objects from settings; the only package that reads settings or knows which chain is real."""
