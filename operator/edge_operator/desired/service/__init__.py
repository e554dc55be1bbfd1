"""The Services of a site."""
