"""The control interface: tests and people inspect and change a running sandbox with it."""
