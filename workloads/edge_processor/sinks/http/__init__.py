"""Requests to an HTTP server outside: credentials that change, proxies, and peers that are lost."""
