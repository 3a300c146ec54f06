"""The command line: what `python -m storyclip` understands."""
