"""Measurements of what leaves the site: `python -m benchmarks.forward`."""
