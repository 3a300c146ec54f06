"""Signing in by an OpenID Connect provider: the one room that speaks to it."""
