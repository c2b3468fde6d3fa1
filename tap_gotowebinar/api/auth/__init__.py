"""Access tokens: where they come from, where they are kept, and who renews them."""
