"""The hot path: from messages of devices to stored readings."""
