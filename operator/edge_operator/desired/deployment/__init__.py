"""The Deployments of a site, one for each component."""
