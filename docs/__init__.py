"""The documentation, and the program that writes its data dictionary."""
