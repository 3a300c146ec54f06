"""News of what was committed, over Redis; a lost one costs only a moment."""
