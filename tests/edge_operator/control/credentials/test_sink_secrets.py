"""Secrets that a spec names for its sinks: which are read, how often, and what is wrong with them."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.credentials.sink_secrets import SinkSecrets
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import ChildKind
from tests.edge_operator.desired.sites import FULL, make_site

RECHECK = 30.0
GOOD = {
    "cloud-login": ("token",),
    "cloud-ca": ("ca.crt",),
    "kafka-login": ("username", "password"),
    "kafka-ca": ("ca.crt",),
    "alerting-login": ("username", "password", "more"),
    "alerting-ca": ("ca.crt",),
}


@dataclass
class Place:
    """The Secrets of one namespace: their keys by name."""

    secrets: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(GOOD))
    reads: list[str] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.found = SinkSecrets(cast(ObjectClient, self), lambda: self.now, RECHECK)

    async def get(self, _kind: ChildKind, _namespace: str, name: str) -> dict[str, Any] | None:
        self.reads.append(name)
        keys = self.secrets.get(name)
        return None if keys is None else {"data": dict.fromkeys(keys, "")}

    async def problems(self, *connected: str, site: SiteInput | None = None) -> dict[str, str]:
        return dict(await self.found.problems(site or make_site(FULL), connected))


async def test_secrets_as_they_should_be_are_read_once() -> None:
    place = Place()
    assert await place.problems() == {}
    assert sorted(place.reads) == sorted(GOOD)


async def test_secrets_of_connected_sinks_are_not_read() -> None:
    place = Place(secrets={})
    assert await place.problems("cloud", "kafka", "alertmanager", "webhook") == {}
    assert place.reads == []
    assert set(await place.problems("cloud", "alertmanager", "webhook")) == {"kafka"}


async def test_site_without_sinks_reads_nothing() -> None:
    place = Place()
    assert await place.problems(site=make_site()) == {}
    assert await place.problems(site=make_site({"cloud": {"endpoint": "https://c"}})) == {}
    assert place.reads == []


@pytest.mark.parametrize(
    ("name", "keys", "problems"),
    [
        (
            "cloud-login",
            None,
            {"cloud": "the Secret cloud-login, named in spec.cloud.credentialsSecretRef, does not exist: create it"},
        ),
        (
            "cloud-login",
            ("username",),
            {
                "cloud": "the Secret cloud-login, named in spec.cloud.credentialsSecretRef, has no key token or"
                " username and password: add it"
            },
        ),
        ("cloud-login", ("username", "password"), {}),
        (
            "kafka-login",
            ("token",),
            {
                "kafka": "the Secret kafka-login, named in spec.processor.kafka.credentialsSecretRef, has no key"
                " username and password: add it"
            },
        ),
        (
            "kafka-ca",
            ("tls.crt",),
            {"kafka": "the Secret kafka-ca, named in spec.processor.kafka.caSecretRef, has no key ca.crt: add it"},
        ),
        (
            "alerting-ca",
            None,
            dict.fromkeys(
                ("alertmanager", "webhook"),
                "the Secret alerting-ca, named in spec.alerting.caSecretRef, does not exist: create it",
            ),
        ),
    ],
)
async def test_problem_of_a_secret(name: str, keys: tuple[str, ...] | None, problems: dict[str, str]) -> None:
    place = Place()
    del place.secrets[name]
    if keys is not None:
        place.secrets[name] = keys
    assert await place.problems() == problems


async def test_problem_is_kept_for_a_while_and_then_read_again() -> None:
    place = Place()
    del place.secrets["cloud-ca"]
    assert set(await place.problems()) == {"cloud"}
    place.secrets["cloud-ca"] = ("ca.crt",)
    place.now += RECHECK / 2 - 1
    assert set(await place.problems()) == {"cloud"}
    place.now += 1
    assert await place.problems() == {}


async def test_another_spec_and_another_site_of_that_name_are_read_at_once() -> None:
    place = Place()
    await place.problems()
    other = {"cloud": FULL["cloud"] | {"credentialsSecretRef": {"name": "none"}}}
    assert set(await place.problems(site=make_site(other))) == {"cloud"}
    place.reads.clear()
    place.found.remove(("plant", "factory"))
    await place.problems(site=make_site(other))
    assert place.reads == ["none", "cloud-ca"]
