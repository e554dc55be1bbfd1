"""Which component may connect to which, as a table."""

from typing import Any

import pytest

from edge_operator.desired.release import Release
from edge_operator.desired.site import desired_objects
from tests.edge_operator.desired.sites import EXTERNAL, children, make_site

DNS = "UDP53 TCP53 -> anywhere"
STORE = "TCP8080 -> edge-storage"
STORE_WITH_FRAMES = "TCP8080 TCP8081 -> edge-storage"
INNER = "TCP1884 -> edge-mqtt"
OPERATOR = "ns{kubernetes.io/metadata.name=edge-system}+pod{app.kubernetes.io/name=edge-operator}"
METRICS = "ns{edge-stack.io/metrics=true}"
TABLE: dict[str, tuple[list[str], list[str]]] = {
    "gateway": (
        ["TCP8080 TCP1883 TCP8883 <- anywhere"],
        [DNS, "TCP1883 TCP8883 TCP1884 -> edge-mqtt", STORE],
    ),
    "processor": ([f"TCP8080 <- {METRICS} site"], [DNS, INNER, STORE_WITH_FRAMES]),
    "storage": (
        [f"TCP8080 <- edge-gateway edge-processor {METRICS}", "TCP8081 <- edge-processor"],
        [DNS, INNER],
    ),
    "mqtt": (
        [
            "TCP1883 TCP8883 TCP9001 <- anywhere",
            f"TCP1884 <- edge-gateway edge-processor edge-storage {OPERATOR}",
        ],
        [DNS, "TCP443 TCP6443 TCP8443 TCP16443 -> anywhere"],
    ),
}


def peer(each: dict[str, Any]) -> str:
    pods = each.get("podSelector", {}).get("matchLabels", {})
    spaces = each.get("namespaceSelector", {}).get("matchLabels", {})
    if spaces:
        both = ",".join(f"{key}={value}" for key, value in pods.items())
        listed = ",".join(f"{key}={value}" for key, value in spaces.items())
        return f"ns{{{listed}}}" + (f"+pod{{{both}}}" if both else "")
    if pods == {"edge-stack.io/site": "factory"}:
        return "site"
    assert pods["app.kubernetes.io/instance"] == "factory"
    return str(pods["app.kubernetes.io/name"])


def written(rule: dict[str, Any], arrow: str, key: str) -> str:
    ports = " ".join(f"{each['protocol']}{each['port']}" for each in rule["ports"])
    return f"{ports} {arrow} {' '.join(map(peer, rule[key])) if key in rule else 'anywhere'}"


def policy(component: str, spec: dict[str, Any]) -> tuple[list[str], list[str]]:
    body = children(spec)["NetworkPolicy", component]["spec"]
    assert body["policyTypes"] == ["Ingress", "Egress"]
    ingress = [written(rule, "<-", "from") for rule in body["ingress"]]
    return ingress, [written(rule, "->", "to") for rule in body["egress"]]


@pytest.mark.parametrize("component", list(TABLE))
def test_policy_of_a_plain_site(component: str) -> None:
    assert policy(component, {}) == TABLE[component]


@pytest.mark.parametrize(
    ("component", "spec", "ingress", "egress"),
    [
        (
            "gateway",
            {"gateway": {"tls": {"secretRef": {"name": "t"}}}},
            ["TCP8080 TCP8443 TCP1883 TCP8883 <- anywhere"],
            TABLE["gateway"][1],
        ),
        ("gateway", {"broker": EXTERNAL}, TABLE["gateway"][0], [DNS, "TCP1883 -> anywhere", STORE]),
        (
            "processor",
            {"processor": {"kafka": {"brokers": ["a:9096", "b:9095", "c:9095"]}}},
            TABLE["processor"][0],
            [DNS, INNER, STORE_WITH_FRAMES, "TCP9095 TCP9096 -> anywhere"],
        ),
        (
            "processor",
            {"broker": {"type": "External", "external": {"url": "mqtts://b"}}},
            TABLE["processor"][0],
            [DNS, "TCP8883 -> anywhere", STORE_WITH_FRAMES],
        ),
        (
            "processor",
            {"cloud": {"endpoint": "https://c.example.com/x", "proxy": {"url": "http://p:3128"}}},
            TABLE["processor"][0],
            [DNS, INNER, STORE_WITH_FRAMES, "TCP443 TCP3128 -> anywhere"],
        ),
        (
            "processor",
            {"cloud": {"endpoint": "mqtts://c.example.com", "commands": "Enabled"}},
            TABLE["processor"][0],
            [DNS, INNER, STORE_WITH_FRAMES, "TCP8080 -> edge-gateway", "TCP8883 -> anywhere"],
        ),
        (
            "processor",
            {"alerting": {"alertmanager": {"url": "http://a:9093"}, "webhook": {"url": "http://h/x"}}},
            TABLE["processor"][0],
            [DNS, INNER, STORE_WITH_FRAMES, "TCP80 TCP9093 -> anywhere"],
        ),
        (
            "storage",
            {"cloud": {"endpoint": "https://c.example.com/x"}, "alerting": {"webhook": {"url": "http://h/x"}}},
            TABLE["storage"][0],
            [DNS, INNER],
        ),
    ],
)
def test_policy_follows_the_spec(component: str, spec: dict[str, Any], ingress: list[str], egress: list[str]) -> None:
    assert policy(component, spec) == (ingress, egress)


def test_the_operator_is_let_in_from_where_it_runs() -> None:
    site = make_site(release=Release("1", operator_namespace="ops"))
    text = str([each for each in desired_objects(site) if each["kind"] == "NetworkPolicy"])
    assert "'kubernetes.io/metadata.name': 'ops'" in text
    assert "edge-system" not in text
