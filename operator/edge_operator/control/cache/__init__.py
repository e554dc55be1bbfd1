"""Caches of the custom resources, their children, and the passwords that users provide."""
