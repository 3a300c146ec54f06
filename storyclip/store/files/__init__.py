"""Users' files, the pieces made of them, and their way into Metricool."""
