"""The end-to-end harness: clusters to run against, and the scenarios that run on them."""
