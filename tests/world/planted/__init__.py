"""Mistakes planted into StoryClip, each of which the simulated world has to catch."""
