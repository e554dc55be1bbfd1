"""What the store keeps for the sinks: which exist, what each has delivered, and what their destinations rejected."""
