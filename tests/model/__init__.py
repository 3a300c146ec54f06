"""Small and complete: one or two clips, two workers, two faults, every history there is.

The decisions are the real ones; rows, Metricool and time are values, so that a state can be hashed
and no state is looked at twice. `python -m tests.model` prints how many there are.
"""
