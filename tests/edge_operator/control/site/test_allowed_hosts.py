"""Hosts of external brokers and sinks: those that are never allowed, and those that the operator's settings allow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.site.allowed_hosts import AllowedHosts, check_host_pattern
from tests.edge_operator.desired.sites import FULL


def spec(webhook: str) -> EdgeSiteSpec:
    return EdgeSiteSpec.model_validate({"alerting": {"webhook": {"url": webhook}}})


NEVER = [
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254.:80/",
    "https://[fe80::1]:8443/",
    "https://[fe80::1%25eth0]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[fd00:ec2::254]/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://METADATA.google.internal/computeMetadata/v1/",
    "http://metadata/",
    "http://instance-data.ec2.internal./",
]


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("patterns", [(), ("*",), ("0.0.0.0/0", "::/0"), ("169.254.169.254",)], ids=str)
def test_metadata_services_are_never_allowed(url: str, patterns: tuple[str, ...]) -> None:
    (problem,) = AllowedHosts(patterns).problems(spec(url))
    assert problem.reason == "HostNotAllowed"
    assert "in spec.alerting.webhook.url is link-local or a metadata service" in problem.message
    assert problem.lasting


@pytest.mark.parametrize(
    ("pattern", "url", "is_allowed"),
    [
        ("hooks.example.com", "https://hooks.example.com/a", True),
        ("Hooks.Example.com", "https://HOOKS.example.com.:8443/a", True),
        ("*.example.com", "https://hooks.example.com/a", True),
        ("*.example.com", "https://example.com/", False),
        ("*.example.com", "https://hooks.example.com.evil.org/", False),
        ("*.example.com", "https://evil.org/hooks.example.com", False),
        ("*.example.com", "https://hooks.example.com@evil.org/", False),
        ("10.0.0.0/8", "http://10.1.2.3:9093/", True),
        ("10.0.0.0/8", "http://0x0a010203/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("10.0.0.0/8", "http://10.example.com/", False),
        ("192.0.2.7", "http://192.0.2.7/", True),
        ("2001:db8::/32", "https://[2001:db8::5]/", True),
        ("2001:db8::/32", "https://[2001:db9::5]/", False),
    ],
)
def test_patterns(pattern: str, url: str, *, is_allowed: bool) -> None:
    problems = AllowedHosts((check_host_pattern(pattern),)).problems(spec(url))
    assert not problems if is_allowed else len(problems) == 1


EVERY_HOST = {
    "broker.external.url": "mqtt.example.net",
    "cloud.endpoint": "cloud.example.com",
    "cloud.proxy.url": "proxy.example.com",
    "processor.kafka.brokers": "b1",
    "alerting.alertmanager.url": "alertmanager.example.com",
    "alerting.webhook.url": "hooks.example.com",
}


def test_every_host_of_a_spec_is_checked() -> None:
    broker = {"type": "External", "external": {"url": "mqtts://mqtt.example.net"}}
    everything: dict[str, Any] = FULL | {"broker": broker}
    problems = AllowedHosts(("b2",)).problems(EdgeSiteSpec.model_validate(everything))
    assert [each.message.partition(" is not allowed: ")[0] for each in problems] == [
        f"the host {host} in spec.{where}" for where, host in EVERY_HOST.items()
    ]
    assert AllowedHosts().problems(EdgeSiteSpec.model_validate(everything)) == ()


def test_broker_that_is_not_used_is_not_checked() -> None:
    assert AllowedHosts(("a",)).problems(EdgeSiteSpec.model_validate({"broker": {"managed": {}}})) == ()


@pytest.mark.parametrize("text", ["", "https://example.com", "a b", "example.com:80", "10.0.0.0/33"])
def test_pattern_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a host name"):
        check_host_pattern(text)


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_any_url_and_any_pattern_are_judged(url: str, patterns: list[str]) -> None:
    usable = []
    for each in patterns:
        try:
            usable.append(check_host_pattern(each))
        except ValueError:
            continue
    AllowedHosts(tuple(usable)).problems(spec(f"https://{url}"))
