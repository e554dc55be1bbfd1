"""The node's addresses: one private /16 for each node, taken only where nothing of the machine is in the way."""

import ipaddress
import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from e2e.cluster.errors import HarnessError

# 10.64 to 10.127, then what is left where a VPN has all of 10.0.0.0/8.
RANGES = (IPv4Network("10.64.0.0/10"), IPv4Network("172.20.0.0/14"), IPv4Network("172.24.0.0/13"))


@dataclass(frozen=True)
class Network:
    """All addresses of one node."""

    block: IPv4Network

    @property
    def services(self) -> IPv4Network:
        """The cluster IPs."""
        return next(self.block.subnets(prefixlen_diff=1))

    @property
    def dns(self) -> IPv4Address:
        """The cluster IP of the name server."""
        return self.services[10]

    @property
    def pods(self) -> IPv4Network:
        """The pods' addresses."""
        return IPv4Network((int(self.block[1 << 15]), 24))

    @property
    def host(self) -> IPv4Address:
        """This machine's end of the link: what pods reach a program of this machine by."""
        return self.block[-3]

    @property
    def node(self) -> IPv4Address:
        """The node's end of the link."""
        return self.block[-2]

    @property
    def link_prefix(self) -> int:
        """The prefix length of both ends."""
        return 30


def candidates(seed: int) -> Iterator[Network]:
    """Every block there is, the first by the seed: two checkouts rarely want the same."""
    for wide in RANGES:
        blocks = list(wide.subnets(new_prefix=16))
        first = seed % len(blocks)
        yield from map(Network, blocks[first:] + blocks[:first])


def overlaps(network: Network, taken: Iterable[IPv4Network]) -> bool:
    """Whether any of these has an address in common with it."""
    return any(network.block.overlaps(other) for other in taken)


def parse_taken(routes: str, addresses: str) -> list[IPv4Network]:
    """What `ip -json -4 route` and `ip -json -4 address` say is in use; default routes are not."""
    destinations = [route["dst"] for route in json.loads(routes or "[]") if route["dst"] != "default"]
    found = [IPv4Network(destination) for destination in destinations]
    for link in json.loads(addresses or "[]"):
        for address in link["addr_info"]:
            interface = ipaddress.IPv4Interface(f"{address['local']}/{address['prefixlen']}")
            found.append(interface.network)
    return [network for network in found if network.prefixlen > 0]


def taken_networks() -> list[IPv4Network]:
    """What this machine has routes to or addresses in."""
    return parse_taken(ip("-json", "-4", "route"), ip("-json", "-4", "address"))


def choose(seed: int, taken: Iterable[IPv4Network]) -> Iterator[Network]:
    """The free blocks in the order they are tried."""
    used = list(taken)
    return (network for network in candidates(seed) if not overlaps(network, used))


def ip(*arguments: str) -> str:
    """Run `ip`; its output.

    Raises:
        HarnessError: it failed, with its own words.
    """
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise HarnessError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout
