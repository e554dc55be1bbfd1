"""Credentials, password files and access rules. Pure."""
