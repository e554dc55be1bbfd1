"""The API server, as far as the agent needs it: Secrets by their names, followed. Without aiohttp: it costs 15 MiB."""
