"""A local Metricool in its own process: the same HTTP API, an append-only ledger, faults on demand.

`python -m storyclip.sandbox --help` says how to start it. It imports nothing else of StoryClip.
What it imitates, and how sure anybody is of each fact, is written down in docs/metricool.md.
"""
