"""What is true: states, rules and words. Standard library only."""
