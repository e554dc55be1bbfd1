"""From NetworkPolicies to packet filter chains: what may pass, decided by reading the chains as the kernel does."""

import re
import subprocess
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e2e.cluster.node.netpol.agent import restore_input
from e2e.cluster.node.netpol.rules import FORWARD, Chains, chains
from e2e.cluster.node.netpol.world import World, matches

ADDRESSES = {"web": "10.64.128.2", "friend": "10.64.128.3", "stranger": "10.64.128.4", "far": "10.64.128.5"}
OUTSIDE = "192.0.2.9"
HTTP = {"name": "http", "containerPort": 8080}


@dataclass(frozen=True)
class Packet:
    source: str
    target: str
    port: int = 8080
    protocol: str = "tcp"


def _pod(name: str, **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "b" if name == "far" else "a", "name": name, "uid": name, "labels": {"app": name}},
        "spec": {"containers": [{"ports": [HTTP] if name == "web" else []}], **more.pop("spec", {})},
        "status": {"podIP": ADDRESSES[name], "phase": "Running", **more},
    }


def _world(*specs: dict[str, Any], pods: list[dict[str, Any]] | None = None) -> World:
    namespaces = [{"metadata": {"name": name, "labels": {"name": name}}} for name in ("a", "b")]
    policies = [{"metadata": {"namespace": "a"}, "spec": spec} for spec in specs]
    return World.parse(pods or [_pod(name) for name in ADDRESSES], namespaces, policies)


def _rule_holds(rule: str, packet: Packet, *, marked: bool) -> bool:
    if "conntrack" in rule:
        return False
    if " --mark " in rule:
        return marked
    for flag, address in (("-s", packet.source), ("-d", packet.target)):
        if (found := re.search(rf"(?:^|\s){flag} (\S+)", rule)) and ip_address(address) not in ip_network(found[1]):
            return False
    if (found := re.search(r"-p (\S+)", rule)) and found[1] != packet.protocol:
        return False
    if found := re.search(r"--dport (\d+)(?::(\d+))?", rule):
        return int(found[1]) <= packet.port <= int(found[2] or found[1])
    return True


def _passes(made: Chains, packet: Packet) -> bool:
    """Walk the chains from FORWARD as the kernel would."""
    marked = False

    def walk(name: str) -> bool:
        nonlocal marked
        for rule in made[name]:
            if not _rule_holds(rule, packet, marked=marked):
                continue
            target = rule.split("-j ")[1].split()[0]
            if target == "RETURN":
                return True
            if target == "DROP":
                return False
            if target == "MARK":
                marked = "0x0/" not in rule
            elif not walk(target):
                return False
        return True

    return walk(FORWARD)


def _packet(source: str, target: str = "web", port: int = 8080, protocol: str = "tcp") -> Packet:
    return Packet(ADDRESSES.get(source, source), ADDRESSES.get(target, target), port, protocol)


WEB = {"podSelector": {"matchLabels": {"app": "web"}}}
FROM_FRIEND = {"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}]}
IN_B = {"namespaceSelector": {"matchLabels": {"name": "b"}}}


@pytest.mark.parametrize(
    ("spec", "passing", "dropped"),
    [
        # Deny all: nobody but the pod itself.
        ({"podSelector": {}, "policyTypes": ["Ingress"]}, ["web"], ["friend", "far", OUTSIDE]),
        ({**WEB, "ingress": [{}]}, ["friend", "far", OUTSIDE], []),
        ({**WEB, "ingress": [FROM_FRIEND]}, ["friend"], ["stranger", "far", OUTSIDE]),
        ({**WEB, "ingress": [{"from": [{"podSelector": {}}]}]}, ["friend", "stranger"], ["far", OUTSIDE]),
        ({**WEB, "ingress": [{"from": [IN_B]}]}, ["far"], ["friend", OUTSIDE]),
        ({**WEB, "ingress": [{"from": [{"namespaceSelector": {}}]}]}, ["far", "friend"], [OUTSIDE]),
        # Both selectors in one peer must hold; two peers are either of them.
        ({**WEB, "ingress": [{"from": [{**IN_B, **FROM_FRIEND["from"][0]}]}]}, [], ["far", "friend"]),
        ({**WEB, "ingress": [{"from": [IN_B, *FROM_FRIEND["from"]]}]}, ["far", "friend"], ["stranger"]),
        (
            {**WEB, "ingress": [{"from": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.8/29"]}}]}]},
            ["192.0.2.1", "192.0.2.254"],
            [OUTSIDE, "friend"],
        ),
        ({**WEB, "ingress": [{"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}]}]}, [], ["friend", OUTSIDE]),
        # An excepted address may come in by another rule.
        (
            {
                **WEB,
                "ingress": [
                    {"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["192.0.2.9/32"]}}]},
                    {"from": [{"ipBlock": {"cidr": "192.0.2.9/32"}}]},
                ],
            },
            [OUTSIDE, "stranger"],
            [],
        ),
    ],
)
def test_who_may_come_in(spec: dict[str, Any], passing: list[str], dropped: list[str]) -> None:
    made = chains(_world(spec))
    assert [source for source in (*passing, *dropped) if _passes(made, _packet(source))] == passing


@pytest.mark.parametrize(
    ("ports", "passing", "dropped"),
    [
        ([{"port": 8080}], [(8080, "tcp")], [(8080, "udp"), (8081, "tcp")]),
        ([{"port": "http"}], [(8080, "tcp")], [(8081, "tcp")]),
        ([{"port": "absent"}], [], [(8080, "tcp")]),
        ([{"port": 8000, "endPort": 8010}], [(8000, "tcp"), (8010, "tcp")], [(8011, "tcp"), (7999, "tcp")]),
        ([{"protocol": "UDP"}], [(1, "udp")], [(1, "tcp")]),
        ([{"port": 53, "protocol": "UDP"}, {"port": 80}], [(53, "udp"), (80, "tcp")], [(53, "tcp")]),
    ],
)
def test_which_ports_are_open(
    ports: list[dict[str, Any]], passing: list[tuple[int, str]], dropped: list[tuple[int, str]]
) -> None:
    made = chains(_world({**WEB, "ingress": [{"ports": ports}]}))
    found = [one for one in (*passing, *dropped) if _passes(made, _packet("friend", "web", *one))]
    assert found == passing


@pytest.mark.parametrize(
    ("egress", "passing", "dropped"),
    [
        ([], [], ["web", "far", OUTSIDE]),
        ([{"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}], ["web"], ["far", OUTSIDE]),
        ([{"to": [{"podSelector": {}}], "ports": [{"port": "http"}]}], ["web"], ["stranger", "far"]),
        ([{"ports": [{"port": "http"}]}], ["web"], ["stranger", OUTSIDE]),
        ([{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}], [OUTSIDE], ["web"]),
    ],
)
def test_where_a_pod_may_go(egress: list[Any], passing: list[str], dropped: list[str]) -> None:
    spec = {"podSelector": {"matchLabels": {"app": "friend"}}, "policyTypes": ["Egress"], "egress": egress}
    made = chains(_world(spec))
    assert [target for target in (*passing, *dropped) if _passes(made, _packet("friend", target))] == passing
    assert _passes(made, _packet("stranger", "web"))


def test_both_ends_must_agree_and_policies_add_up() -> None:
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    to_web = {
        "podSelector": {"matchLabels": {"app": "friend"}},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}],
    }
    from_friend = {**WEB, "ingress": [FROM_FRIEND]}
    assert not _passes(chains(_world(closed, to_web)), _packet("friend"))
    assert not _passes(chains(_world(closed, from_friend)), _packet("friend"))
    assert _passes(chains(_world(closed, to_web, from_friend)), _packet("friend"))


@pytest.mark.parametrize(
    "pod",
    [
        _pod("web", podIP=""),
        _pod("web", phase="Succeeded"),
        _pod("web", spec={"hostNetwork": True}),
    ],
)
def test_pod_that_has_no_address_of_its_own_gets_no_chain(pod: dict[str, Any]) -> None:
    assert list(chains(_world({"podSelector": {}}, pods=[pod]))) == ["EDGE-FORWARD", "EDGE-INPUT"]


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ({"key": "a", "operator": "In", "values": ["1", "2"]}, True),
        ({"key": "a", "operator": "In", "values": ["2"]}, False),
        ({"key": "b", "operator": "In", "values": ["1"]}, False),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, False),
        ({"key": "b", "operator": "NotIn", "values": ["1"]}, True),
        ({"key": "a", "operator": "Exists"}, True),
        ({"key": "b", "operator": "Exists"}, False),
        ({"key": "a", "operator": "DoesNotExist"}, False),
        ({"key": "b", "operator": "DoesNotExist"}, True),
    ],
)
def test_expressions(expression: dict[str, Any], *, selected: bool) -> None:
    assert matches({"matchExpressions": [expression]}, {"a": "1"}) is selected


PORT = st.fixed_dictionaries(
    {}, optional={"port": st.integers(1, 65535) | st.just("http"), "protocol": st.sampled_from(["TCP", "UDP"])}
)
PEER = st.sampled_from(
    [{"podSelector": {}}, IN_B, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}, FROM_FRIEND["from"][0]]
)
RULE = st.fixed_dictionaries({}, optional={"ports": st.lists(PORT, max_size=3)})
INGRESS = st.lists(st.builds(lambda rule, peers: {**rule, "from": peers}, RULE, st.lists(PEER, max_size=3)), max_size=3)
EGRESS = st.lists(st.builds(lambda rule, peers: {**rule, "to": peers}, RULE, st.lists(PEER, max_size=3)), max_size=3)
SPEC = st.fixed_dictionaries(
    {
        "podSelector": st.sampled_from([{}, {"matchLabels": {"app": "web"}}]),
        "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
        "ingress": INGRESS,
        "egress": EGRESS,
    }
)


@given(st.lists(SPEC, max_size=4))
def test_every_jump_leads_to_a_chain_and_every_pod_chain_ends_in_drop(specs: list[dict[str, Any]]) -> None:
    made = chains(_world(*specs))
    for name, rules in made.items():
        assert len(name) <= 28
        for rule in rules:
            target = rule.split("-j ")[1].split()[0]
            assert target in {*made, "RETURN", "DROP", "MARK"}
        if re.fullmatch(r"EDGE-[IE]-[0-9a-f]{12}", name):
            assert rules[-1] == "-j DROP"


@pytest.mark.usefixtures("node_programs")
@settings(max_examples=20, deadline=None)
@given(st.lists(SPEC, max_size=3), st.lists(SPEC, max_size=3))
def test_iptables_takes_what_is_made_of_any_policies(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    old, new = chains(_world(*before)), chains(_world(*after))
    script = "iptables-restore --noflush <<E\n{}E\niptables-restore --noflush <<E\n{}E\niptables-save -t mangle"
    shell = script.format(restore_input(old, {}), restore_input(new, old))
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-ec", f"mount -t tmpfs tmpfs /run\n{shell}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert {line[1:].split()[0] for line in done.stdout.splitlines() if line.startswith(":EDGE-")} == set(new)
