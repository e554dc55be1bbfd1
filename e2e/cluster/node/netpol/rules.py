"""From policies to iptables chains: pure, no packet filter is touched here.

A pod that a policy selects has a chain for the direction. RETURN in it means: this pod has nothing against the
packet; what no rule lets through is dropped. The packet then goes on to the chain of the pod at the other end.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

from e2e.cluster.node.netpol.world import Json, Pod, Policy, World, matches

FORWARD, INPUT = "EDGE-FORWARD", "EDGE-INPUT"
ANSWERS = "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"
# Says "let through" from a sub-chain with exceptions to the chain that called it; kube-proxy has 0x4000 and 0x8000.
MARK = "0x200000/0x200000"
UNMARK = "-j MARK --set-xmark 0x0/0x200000"

Chains = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Direction:
    """Ingress or egress, and what its parts are called in the API and in iptables."""

    type: str
    rules: str
    peers: str
    own: str
    other: str


INGRESS = Direction("Ingress", "ingress", "from", own="-d", other="-s")
EGRESS = Direction("Egress", "egress", "to", own="-s", other="-d")


@dataclass(frozen=True)
class Peer:
    """Who may be at the other end: addresses, without some; `pod` if it is one. No block: anybody."""

    block: str = ""
    exceptions: tuple[str, ...] = ()
    pod: Pod | None = None


def chains(world: World) -> Chains:
    """All chains by name; FORWARD and INPUT are the ones that packets enter by."""
    entered: dict[str, list[str]] = {FORWARD: [ANSWERS], INPUT: [ANSWERS]}
    made: dict[str, tuple[str, ...]] = {}
    for pod in world.pods:
        for direction in (EGRESS, INGRESS):
            policies = [one for one in world.policies if one.selects(pod) and direction.type in one.types]
            if not policies:
                continue
            name = f"EDGE-{direction.type[0]}-{_digest(pod.uid)}"
            made.update(_pod_chains(name, pod, direction, policies, world))
            # The node's own programs are reached by INPUT; what they send to pods is never filtered, as the API asks.
            for base in (FORWARD, INPUT) if direction is EGRESS else (FORWARD,):
                entered[base] += [UNMARK, f"{direction.own} {pod.address}/32 -j {name}"]
    return {**{name: tuple(rules) for name, rules in entered.items()}, **made}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _pod_chains(name: str, pod: Pod, direction: Direction, policies: list[Policy], world: World) -> Chains:
    # A pod may always speak with itself.
    rules = [f"{direction.other} {pod.address}/32 -j RETURN"]
    made: dict[str, tuple[str, ...]] = {}
    for policy in policies:
        for rule in policy.spec.get(direction.rules) or ():
            for match, peer in _matches(rule, pod, direction, policy.namespace, world):
                if not peer.exceptions:
                    rules.append(f"{match} -j RETURN".strip())
                    continue
                below = f"{name}-{_digest(match + ' '.join(peer.exceptions))[:6]}"
                excepted = [f"{direction.other} {block} -j RETURN" for block in peer.exceptions]
                made[below] = (*excepted, f"-j MARK --set-xmark {MARK}")
                rules += [f"{match} -j {below}", f"-m mark --mark {MARK} -j RETURN"]
    return {**made, name: (*rules, "-j DROP")}


def _matches(rule: Json, pod: Pod, direction: Direction, namespace: str, world: World) -> Iterator[tuple[str, Peer]]:
    ports = rule.get("ports") or ()
    named = any(isinstance(port.get("port"), str) for port in ports)
    for peer in _peers(rule.get(direction.peers), namespace, world, whole=direction is EGRESS and named):
        address = f"{direction.other} {peer.block}" if peer.block else ""
        receiver = peer.pod if direction is EGRESS else pod
        for port in _ports(ports, receiver):
            yield f"{address} {port}".strip(), peer


def _peers(listed: list[Json] | None, namespace: str, world: World, *, whole: bool) -> Iterator[Peer]:
    if not listed:
        # The number of a named port is known of pods only.
        yield from [_pod_peer(pod) for pod in world.pods] if whole else [Peer()]
        return
    for peer in listed:
        if block := peer.get("ipBlock"):
            if _is_ipv4(block["cidr"]):
                yield Peer(block["cidr"], tuple(filter(_is_ipv4, block.get("except") or ())))
            continue
        yield from (_pod_peer(pod) for pod in world.pods if _selected(peer, pod, namespace, world))


def _selected(peer: Json, pod: Pod, namespace: str, world: World) -> bool:
    if "namespaceSelector" in peer:
        if not matches(peer["namespaceSelector"] or {}, world.namespaces.get(pod.namespace, {})):
            return False
    elif pod.namespace != namespace:
        return False
    return matches(peer.get("podSelector") or {}, pod.labels)


def _pod_peer(pod: Pod) -> Peer:
    return Peer(f"{pod.address}/32", pod=pod)


def _is_ipv4(block: str) -> bool:
    return isinstance(ip_network(block, strict=False), IPv4Network)


def _ports(ports: tuple[Json, ...] | list[Json], receiver: Pod | None) -> Iterator[str]:
    if not ports:
        yield ""
    for port in ports:
        protocol, wanted = port.get("protocol", "TCP"), port.get("port")
        match = f"-p {protocol.lower()}"
        if wanted is None:
            yield match
        elif isinstance(wanted, str):
            numbers = receiver.ports.get((wanted, protocol), ()) if receiver else ()
            yield from (f"{match} --dport {number}" for number in numbers)
        else:
            yield f"{match} --dport {wanted}" + (f":{port['endPort']}" if port.get("endPort") else "")
