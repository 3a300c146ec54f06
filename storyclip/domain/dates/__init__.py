"""Instants, timetables, quotas: when a story may go out."""
