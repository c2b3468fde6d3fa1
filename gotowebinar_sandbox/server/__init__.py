"""The HTTP server: limits, faults and the log of calls around the endpoints."""
