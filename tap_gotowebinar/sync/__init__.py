"""One run: what is due, what is remembered, what is reported."""
