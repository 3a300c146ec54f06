"""In which order things happen: domain and store, and Metricool behind a protocol."""
