"""Measurements of the data path: `python -m benchmarks.path`."""
