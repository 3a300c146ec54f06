"""The figures of docs/proof.md, from runs on one commit."""
