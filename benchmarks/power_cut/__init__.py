"""Power cuts of the store: what a program has not synced is lost, in part or whole."""
