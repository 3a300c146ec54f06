"""A line to a server: deadlines, checked addresses, TLS, and whether a byte has left."""
