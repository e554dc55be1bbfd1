"""Builds the objects of a site, one builder in each file. Pure."""
