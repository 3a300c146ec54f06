"""Processes of the product forked from a parent that has loaded what they load."""
