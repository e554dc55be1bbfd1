"""The two lanes of a sink: how they send, what the backlog reads, how they share the destination."""
