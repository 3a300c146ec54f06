"""The store's twin: what each of its rooms does in SQL, as small as it can be said in Python.

A lane with its batches is one value. Columns that no decision reads stay as they were (`rung_at`,
`last_seq`, `started_at`, `current_index`): they would make two states out of one. All the rest is
held against the real store.
"""
