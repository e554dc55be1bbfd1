"""A simulated device, or a fleet of them, to try a site with."""
