"""Knows a file and mends it: facts, plan, pieces, posters. Without web, store or queue."""
