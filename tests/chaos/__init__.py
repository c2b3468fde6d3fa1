"""Runs that are killed at random moments, against data that changes all the time; what must hold all the same."""
