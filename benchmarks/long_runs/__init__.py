"""Measurements that take long, or whose subject is a long time: calls, state and memory."""
