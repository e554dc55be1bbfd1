"""Addresses of brokers and servers as settings."""

from urllib.parse import urlsplit

from edge_service.broker_address import BrokerAddress

__all__ = ["BrokerAddress", "http_url"]


def http_url(text: str) -> str:
    """Parse the URL of an HTTP server; the value has no slash at the end.

    Raises:
        ValueError: it is not such a URL.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as http://storage:8080")
    return text.strip().rstrip("/")
