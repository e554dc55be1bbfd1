"""Mosquitto for processes on this machine: found, or built from its pinned source."""
