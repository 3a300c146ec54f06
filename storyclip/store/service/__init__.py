"""The service itself: workers, incidents, figures."""
