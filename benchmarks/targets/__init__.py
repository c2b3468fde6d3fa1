"""What Singer targets make of this tap: `python -m benchmarks.targets`."""
