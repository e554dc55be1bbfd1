"""Computes conditions and phase from observed facts. Pure."""
