"""The sinks of a crash run: what runs at the far end, what it records, and the judgement of that."""
