"""Lines as requests: bodies, what the answers mean, and which lines a server rejects."""
