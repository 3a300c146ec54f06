"""Tells receivers what happened, signed, in order, at least once."""
