"""A site to the objects that it owns, one builder a file. Pure."""
