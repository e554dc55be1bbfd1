"""Readings: conversions, clamps, metadata and alert rules. Pure."""
