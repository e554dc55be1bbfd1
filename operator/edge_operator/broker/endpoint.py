"""Where a site's broker is, as whom the operator logs in, and where it was told that a broker is elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_service.address import BrokerAddress
from edge_service.mqtt import Login

__all__ = ["BrokerAddress", "Endpoint", "Login", "SiteKey", "parse_addresses"]

SiteKey = tuple[str, str]
"""Namespace and name of an EdgeSite."""

_EXAMPLE = "must be pairs such as factory/plant=127.0.0.1:1884, separated by commas"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Everything that a session with one broker depends on; another one means another session.

    Attributes:
        address: where the broker listens.
        login: as whom.
        prefix: what stands before every topic and client id.
        site_uid: of which site of that name: one that was made anew has to be told everything from the beginning.
    """

    address: BrokerAddress
    login: Login = field(repr=False)
    prefix: str = ""
    site_uid: str = ""


def parse_addresses(text: str) -> Mapping[SiteKey, BrokerAddress]:
    """Return where the brokers of some sites are, from `namespace/site=host:port,…`.

    Raises:
        ValueError: it is nothing of the kind.
    """
    pairs = (part.strip() for part in text.split(",") if part.strip())
    return dict(_pair(pair) for pair in pairs)


def _pair(pair: str) -> tuple[SiteKey, BrokerAddress]:
    site, equals, where = pair.partition("=")
    namespace, slash, name = site.strip().partition("/")
    host, colon, port = where.strip().rpartition(":")
    if not (equals and slash and colon and namespace and name and host and port and "/" not in name + where):
        raise ValueError(f"{_EXAMPLE} (given: {pair!r})")
    try:
        return (namespace, name), BrokerAddress.parse(f"mqtt://{host}:{port}")
    except ValueError:
        raise ValueError(f"{_EXAMPLE}; a port is from 1 to 65535 (given: {pair!r})") from None
