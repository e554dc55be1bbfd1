"""A small client of the API server that watches Secrets by name. Without aiohttp, which costs 15 MiB."""
