"""Batches, clips, lanes and sends: what is published, and who may write it."""
