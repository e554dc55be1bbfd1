"""From what devices sent to what is stored: the hot path."""
