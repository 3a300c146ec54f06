"""StoryClip: publish a sequence of clips as Stories, each exactly once and in order."""

__version__ = "0.1.0"
