"""The rows, which are the truth: SQLite or PostgreSQL through peewee."""
