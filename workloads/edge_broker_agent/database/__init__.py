"""Mosquitto's database: its format, the check before a start, and the replacement of a damaged one."""
