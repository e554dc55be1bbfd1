"""Credentials: root Secrets, the users' CA bundles, password rotation, and the connection info of devices."""
