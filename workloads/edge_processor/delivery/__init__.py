"""Delivers stored readings at least once: live as they are stored, and from the store's log what is missing."""
