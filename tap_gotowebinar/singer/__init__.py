"""The seam to the SDK: messages, command line, signals."""
