"""Who did what: written with what it did, kept, and shown."""
