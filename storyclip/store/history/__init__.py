"""What happened: events, and who is told of them."""
