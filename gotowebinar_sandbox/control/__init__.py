"""How tests and people look into a running sandbox and let things happen in it."""
