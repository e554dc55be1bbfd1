"""Messages, topics, and the store's interface; every package may import it, and it imports none."""
