"""What can be configured, and what is wrong with it."""
