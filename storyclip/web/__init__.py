"""The front: HTTP in, one step called, JSON out."""
