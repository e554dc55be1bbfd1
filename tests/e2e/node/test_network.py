"""A node's addresses: apart from each other, and apart from whatever the machine has."""

import json
from ipaddress import IPv4Network
from itertools import combinations, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e2e.cluster.node.network import Network, candidates, choose, overlaps, parse_taken

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)


@given(SEEDS)
def test_parts_of_a_block_do_not_overlap(seed: int) -> None:
    network = next(candidates(seed))
    link = IPv4Network(f"{network.node}/{network.link_prefix}", strict=False)
    assert network.host in link
    for one, other in combinations((network.services, network.pods, link), 2):
        assert not one.overlaps(other)
    for part in (network.services, network.pods, link):
        assert part.subnet_of(network.block)
    assert network.dns in network.services


@given(SEEDS)
def test_candidates_are_private_and_all_different(seed: int) -> None:
    found = list(candidates(seed))
    assert len({one.block for one in found}) == len(found) == 76
    assert all(one.block.is_private for one in found)
    assert not any(one.block.overlaps(other.block) for one, other in combinations(islice(found, 20), 2))


@pytest.mark.parametrize(
    ("taken", "first"),
    [
        ([], "10.69.0.0/16"),
        (["10.69.3.0/24"], "10.70.0.0/16"),
        (["10.64.0.0/13"], "10.72.0.0/16"),
        # A VPN.
        (["10.0.0.0/8"], "172.21.0.0/16"),
        (["10.0.0.0/8", "172.16.0.0/12"], None),
    ],
)
def test_what_is_in_use_is_passed_over(taken: list[str], first: str | None) -> None:
    chosen = next(choose(5, map(IPv4Network, taken)), None)
    assert chosen == (Network(IPv4Network(first)) if first else None)


def test_routes_and_addresses_are_read_and_default_routes_are_not() -> None:
    routes = [{"dst": "default"}, {"dst": "10.1.0.0/16"}, {"dst": "10.2.0.7"}, {"dst": "0.0.0.0/1"}]
    addresses = [{"addr_info": [{"local": "192.0.2.2", "prefixlen": 24}]}, {"addr_info": []}]
    found = parse_taken(json.dumps(routes), json.dumps(addresses))
    assert set(map(str, found)) == {"10.1.0.0/16", "10.2.0.7/32", "0.0.0.0/1", "192.0.2.0/24"}
    assert parse_taken("", "") == []


def test_overlap() -> None:
    network = Network(IPv4Network("10.64.0.0/16"))
    assert overlaps(network, [IPv4Network("10.64.9.1/32")])
    assert not overlaps(network, [IPv4Network("10.65.0.0/16")])
