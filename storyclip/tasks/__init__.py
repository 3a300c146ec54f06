"""Dramatiq: an id in, one step called. Rows decide; a message is only a bell."""
