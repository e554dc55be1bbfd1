"""Addresses that no program connects to for a user: link-local ones, and those of cloud providers' metadata services.

A metadata service gives the credentials of the node to everybody who asks it. Who may write an EdgeSite chooses the
hosts that the programs connect to.
"""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(each)
    for each in (
        "169.254.0.0/16",  # link-local; the metadata services of AWS, Google, Azure, Oracle, OpenStack and others
        "fe80::/10",  # link-local
        "fd00:ec2::/32",  # AWS
        "fd20:ce::254/128",  # Google
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_refused(address: str) -> bool:
    """Return whether a numeric address is refused; an IPv6 address may have a zone, or contain an IPv4 address.

    Raises:
        ValueError: it is not an IP address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        found = inner or found
    return any(found in network for network in REFUSED if network.version == found.version)
