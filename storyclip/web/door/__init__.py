"""Who is let in: keys, sessions, limits, and lines that are slow on purpose."""
