"""One call to GoTo: what is sent, what comes back, and what may be said of it. Knows no Singer and no streams."""
