"""What was observed to conditions and phase. Pure."""
