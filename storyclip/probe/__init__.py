"""Looks at the files of a batch before it is accepted; switched off unless a setting says so."""
