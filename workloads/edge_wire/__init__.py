"""Messages, topics and units on the wire; imported by all, imports none."""
