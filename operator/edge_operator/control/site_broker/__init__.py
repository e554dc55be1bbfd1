"""A site's broker: where it is, what it dropped, and what the operator publishes to it or clears on it."""
