"""Rates and retries: a token bucket and an exponential back-off, for the operator and the programs of a site."""
