"""Rows that are not the newest: put back at every event, in every way, judged by the ledger."""
