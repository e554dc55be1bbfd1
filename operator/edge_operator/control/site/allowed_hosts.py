"""The rule which hosts outside of the site a spec may name. Pure."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.desired.sinks import sink_urls
from edge_operator.status import reasons
from edge_operator.status.facts import Problem
from edge_wire.refused_addresses import is_refused

METADATA_NAMES = (
    "instance-data",
    "instance-data.ec2.internal",
    "metadata",
    "metadata.goog",
    "metadata.google.internal",
)
"""Names of metadata services: a cloud's name server resolves them to link-local addresses."""

_PATTERN = re.compile(r"[-._a-z0-9*]+")
_NUMERIC = re.compile(r"[0-9a-fx.]+", re.IGNORECASE)


def check_host_pattern(text: str) -> str:
    """Return a pattern of `allowedHosts` in lower case.

    Raises:
        ValueError: it is not a host name, an IP address or a network.
    """
    if _network(text) is None and not _PATTERN.fullmatch(text.lower()):
        raise ValueError(
            "must be a host name, in which * matches any characters, an IP address, or a network such as 10.0.0.0/8"
            f" (given: {text!r})"
        )
    return text.lower()


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts that external brokers and sinks may have.

    Attributes:
        patterns: host names, in which `*` matches any characters, IP addresses and networks; empty for all hosts.
            Link-local addresses and metadata services are never allowed.
    """

    patterns: tuple[str, ...] = ()

    def problems(self, spec: EdgeSiteSpec) -> tuple[Problem, ...]:
        """Return a problem for each host in a spec that is not allowed."""
        found = (self._problem(url, where) for url, where in _urls(spec))
        return tuple(Problem(reasons.HOST_NOT_ALLOWED, each) for each in found if each is not None)

    def _problem(self, url: str, where: str) -> str | None:
        try:
            host = urlsplit(url).hostname
        except ValueError:
            host = None
        if host is None:
            # The builders name what is wrong with the URL.
            return None
        host = host.rstrip(".")
        address = _address(host)
        named = f"the host {host} in spec.{where}"
        if host in METADATA_NAMES or (address is not None and is_refused(address)):
            return f"{named} is link-local or a metadata service, which a site must not use: name another host"
        if self.patterns and not any(_matches(pattern, host, address) for pattern in self.patterns):
            return (
                f"{named} is not allowed: name a host that allowedHosts of the operator's chart lists, or ask the"
                " administrator of the operator to add it"
            )
        return None


def _urls(spec: EdgeSiteSpec) -> Iterable[tuple[str, str]]:
    external = spec.broker.external
    if spec.broker.type == "External" and external is not None:
        yield external.url, "broker.external.url"
    yield from sink_urls(spec)


def _matches(pattern: str, host: str, address: str | None) -> bool:
    network = _network(pattern)
    if network is None:
        return fnmatchcase(host, pattern)
    return address is not None and ipaddress.ip_address(address) in network


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _address(host: str) -> str | None:
    """Return the address if the host is one, also in the notations of C such as 0xa9fea9fe; else None."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if _NUMERIC.fullmatch(host) else None
    except OSError:
        return None
