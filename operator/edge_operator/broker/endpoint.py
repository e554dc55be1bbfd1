"""Address and login of a site's broker, and overrides from EDGE_BROKER_ADDRESSES."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_service.address import BrokerAddress
from edge_service.mqtt import Login

__all__ = ["BrokerAddress", "Endpoint", "Login", "SiteKey", "parse_addresses"]

SiteKey = tuple[str, str]
"""Namespace and name of an EdgeSite."""

_EXAMPLE = "must be pairs such as factory/plant=127.0.0.1:1884, separated by commas"
_PAIR = re.compile(
    r"([a-z0-9][-a-z0-9]*)/([a-z][-a-z0-9]*)\s*=\s*((?:[-._a-zA-Z0-9]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Everything that a session with one broker depends on; a different endpoint needs a new session.

    Attributes:
        address: address of the broker.
        login: login of the operator.
        prefix: prefix of every topic, and with '.' for '/' of the client id.
        site_uid: metadata.uid of the site: a site that was created again needs a new session with all retained
            messages.
        is_ours: whether the broker is a managed Mosquitto, which publishes `$SYS` topics.
    """

    address: BrokerAddress
    login: Login = field(repr=False)
    prefix: str = ""
    site_uid: str = ""
    is_ours: bool = False


def parse_addresses(text: str) -> Mapping[SiteKey, BrokerAddress]:
    """Return the addresses of brokers by site, from `namespace/site=host:port,…`.

    Raises:
        ValueError: the text has another format.
    """
    found: dict[SiteKey, BrokerAddress] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        site, address = _pair(pair)
        if site in found:
            raise ValueError(f"{_EXAMPLE}, each site once ({site[0]}/{site[1]} is there twice)")
        found[site] = address
    return found


def _pair(pair: str) -> tuple[SiteKey, BrokerAddress]:
    parts = _PAIR.fullmatch(pair)
    if parts is None:
        raise ValueError(f"{_EXAMPLE} (given: {pair!r})")
    namespace, name, where = parts.groups()
    try:
        return (namespace, name), BrokerAddress.parse(f"mqtt://{where}")
    except ValueError:
        raise ValueError(f"{_EXAMPLE}; a port is from 1 to 65535 (given: {pair!r})") from None
