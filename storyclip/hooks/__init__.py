"""Webhooks: what happened is told to a receiver, signed, in order, until it has heard it."""
