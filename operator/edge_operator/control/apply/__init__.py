"""Writes to the API server: apply and delete children, write status and Events, and back off when refused."""
