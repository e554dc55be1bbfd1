"""Desired against observed: what an object should be, what the API server has, and the action that follows. Pure."""
