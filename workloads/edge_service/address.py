"""Addresses of brokers and servers as settings."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from edge_service.broker_address import BrokerAddress

__all__ = ["BrokerAddress", "BrokerUrl", "HttpUrl"]


def _broker(value: object) -> object:
    return BrokerAddress.parse(value) if isinstance(value, str) else value


def _http(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as http://storage:8080")
    return value.strip().rstrip("/")


BrokerUrl = Annotated[BrokerAddress, BeforeValidator(_broker)]
"""Type of a setting with the address of a broker."""

HttpUrl = Annotated[str, BeforeValidator(_http)]
"""Type of a setting with the URL of an HTTP server, without a slash at the end."""
