"""Measurements anyone can make again, against the sandbox."""
