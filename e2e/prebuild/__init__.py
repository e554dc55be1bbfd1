"""Builds what tests need before they ask for it, in the background of a test run: `python -m e2e.prebuild`."""
