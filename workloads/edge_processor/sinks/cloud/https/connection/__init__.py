"""Connections to an HTTPS server: credentials that change, proxies, and peers that are lost."""
