"""Figures, each with the machine, settings and commit it was taken on."""
