"""The interface to the SDK: messages, command line, signals."""
