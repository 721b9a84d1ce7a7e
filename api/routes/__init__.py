"""Routes by noun: parse, start or ask, answer."""
