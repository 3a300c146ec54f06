"""Keys and sessions: who somebody is, and what they may do."""
