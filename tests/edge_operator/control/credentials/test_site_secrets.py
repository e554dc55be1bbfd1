"""Secrets that a spec names: which are read, how often, which may be used, and what is wrong with them."""

import base64
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.credentials.site_secrets import SecretFindings, SiteSecrets
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import DEPLOYMENT, ChildKind
from edge_operator.identity.certificates import authority_certificate
from edge_operator.identity.secret_use import SecretUse
from edge_operator.status.facts import Problem
from tests.edge_operator.desired.sites import FULL, make_site

RECHECK = 30.0
KEY = ("plant", "factory")
SINKS = {"cloud": FULL["cloud"], "processor": {"kafka": FULL["processor"]["kafka"]}, "alerting": FULL["alerting"]}
GOOD = {
    "cloud-login": ("token",),
    "cloud-ca": ("ca.crt",),
    "kafka-login": ("username", "password"),
    "kafka-ca": ("ca.crt",),
    "alerting-login": ("username", "password", "more"),
    "alerting-ca": ("ca.crt",),
}
AUTHORITY = base64.b64encode(authority_certificate(bytes(32), "theirs").encode()).decode()


@dataclass
class Place:
    """The Secrets of one namespace: their keys by name.

    Attributes:
        secrets: the Secrets.
        labels: label edge-stack.io/use of those that do not have the value "true".
        errors: errors of reads, by name of the object.
        mounted: Secrets by name of the volume in the processor's Deployment.
        values: values of keys in base64, of all Secrets.
        reads: names of the objects that were read.
        now: monotonic clock, in seconds.
        allowed: patterns of Secrets that need no label.
    """

    secrets: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(GOOD))
    labels: dict[str, str | None] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    mounted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=lambda: {"ca.crt": AUTHORITY})
    reads: list[str] = field(default_factory=list)
    now: float = 0.0
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.found = SiteSecrets(cast(ObjectClient, self), lambda: self.now, RECHECK, SecretUse(self.allowed))

    async def get(self, kind: ChildKind, _namespace: str, name: str) -> dict[str, Any] | None:
        self.reads.append(name)
        if name in self.errors:
            raise self.errors[name]
        if kind is DEPLOYMENT:
            return self._deployment()
        label = self.labels.get(name, "true")
        metadata = {"name": name} | ({} if label is None else {"labels": {"edge-stack.io/use": label}})
        keys = self.secrets.get(name)
        return None if keys is None else {"metadata": metadata, "data": {key: self.values.get(key, "") for key in keys}}

    def _deployment(self) -> dict[str, Any]:
        volumes: list[dict[str, Any]] = [
            {"name": volume, "projected": {"sources": [{"secret": {"name": each}} for each in names]}}
            for volume, names in self.mounted.items()
        ]
        return {"spec": {"template": {"spec": {"volumes": [*volumes, {"name": "tmp", "emptyDir": {}}]}}}}

    async def problems(self, *connected: str, site: SiteInput | None = None) -> dict[str, str]:
        return dict((await self.found.check(site or make_site(SINKS), connected)).of_sinks)

    async def findings(self, spec: dict[str, Any]) -> SecretFindings:
        return await self.found.check(make_site(spec), ())

    @property
    def usable(self) -> set[str]:
        return set(self.found.usable(KEY))


async def test_authority_that_is_not_a_certificate_is_a_problem_of_its_sink() -> None:
    place = Place(values={"ca.crt": base64.b64encode(b"hunter2").decode()})
    problems = await place.problems()
    assert problems["cloud"] == (
        "the Secret cloud-ca, named in spec.cloud.caSecretRef, has no certificates that can be used under ca.crt (it is"
        " not certificates in PEM): correct it"
    )
    assert problems.keys() == {"cloud", "kafka", "alertmanager", "webhook"}


async def test_secrets_as_they_should_be_are_read_once_and_usable() -> None:
    place = Place()
    assert place.usable == set()
    assert await place.problems() == {}
    assert sorted(place.reads) == sorted(GOOD)
    assert place.usable == set(GOOD)


@pytest.mark.parametrize("label", [None, "false", "True", ""])
async def test_secret_without_the_label_is_not_usable(label: str | None) -> None:
    """Who may edit a site, but not read Secrets, must not have any Secret sent to a host of his."""
    place = Place(labels={"cloud-login": label})
    assert await place.problems() == {
        "cloud": "the Secret cloud-login, named in spec.cloud.credentialsSecretRef, does not have the label"
        ' edge-stack.io/use: "true": run kubectl label secret cloud-login edge-stack.io/use=true'
    }
    assert place.usable == set(GOOD) - {"cloud-login"}
    place.labels.clear()
    place.now += RECHECK / 2
    assert await place.problems() == {}
    assert place.usable == set(GOOD)


async def test_secret_that_does_not_exist_is_not_usable() -> None:
    """It could be created without the label, and the kubelet would mount it."""
    place = Place()
    del place.secrets["kafka-ca"]
    await place.problems()
    assert place.usable == set(GOOD) - {"kafka-ca"}


async def test_secrets_of_connected_sinks_are_read_rarely() -> None:
    place, connected = Place(), ("cloud", "kafka", "alertmanager", "webhook")
    await place.problems(*connected)
    place.reads.clear()
    place.labels["cloud-login"] = None
    place.now += 10 * RECHECK / 2 - 1
    await place.problems(*connected)
    assert (place.reads, place.usable) == ([], set(GOOD))
    place.now += 1
    await place.problems(*connected)
    assert place.usable == set(GOOD) - {"cloud-login"}


async def test_site_without_sinks_reads_nothing() -> None:
    place = Place()
    assert await place.problems(site=make_site()) == {}
    assert await place.problems(site=make_site({"cloud": {"endpoint": "https://c"}})) == {}
    assert (place.reads, place.usable) == ([], set())


ERRORS = [ApiError(403, "Forbidden", "not allowed"), UnreachableError("timeout")]


@pytest.mark.parametrize("error", ERRORS, ids=["rejected", "unreachable"])
async def test_secret_that_cannot_be_read_stays_as_it_is(error: Exception) -> None:
    """The pods would otherwise be replaced twice because of one error."""
    place = Place(labels={"kafka-login": None})
    await place.problems()
    place.errors = {"cloud-login": error, "kafka-login": error}
    place.now += RECHECK / 2
    problems = await place.problems()
    assert problems["cloud"] == (
        f"the Secret cloud-login, named in spec.cloud.credentialsSecretRef, cannot be read: {error}"
    )
    assert place.usable == set(GOOD) - {"kafka-login"}


async def test_first_secret_that_cannot_be_read_stays_as_the_previous_leader_has_mounted_it() -> None:
    error = ApiError(500, "InternalError", "no")
    place = Place(mounted={"cloud": ("cloud-login",), "credentials": ("kafka-login",)})
    place.errors = {"cloud-login": error, "kafka-login": error}
    await place.problems()
    assert place.usable == set(GOOD) - {"kafka-login"}, "only volumes of sinks count"


async def test_nothing_is_decided_if_neither_the_secret_nor_the_deployment_can_be_read() -> None:
    error = ApiError(500, "InternalError", "no")
    place = Place(errors={"cloud-login": error, "factory-processor": error})
    with pytest.raises(ApiError):
        await place.problems()
    place.errors.clear()
    await place.problems()
    assert place.usable == set(GOOD)


@pytest.mark.parametrize(
    ("name", "keys", "problems"),
    [
        (
            "cloud-login",
            None,
            {
                "cloud": "the Secret cloud-login, named in spec.cloud.credentialsSecretRef, does not exist: create it,"
                " then run kubectl label secret cloud-login edge-stack.io/use=true"
            },
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
                "the Secret alerting-ca, named in spec.alerting.caSecretRef, does not exist: create it, then"
                " run kubectl label secret alerting-ca edge-stack.io/use=true",
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
    place.found.remove(KEY)
    await place.problems(site=make_site(other))
    assert place.reads == ["none", "cloud-ca"]


EXTERNAL = {
    "type": "External",
    "external": {"url": "mqtts://b", "credentialsSecretRef": {"name": "login"}, "caSecretRef": {"name": "ca"}},
}
OTHERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "login of the broker": ({"broker": EXTERNAL}, "login", "broker.external.credentialsSecretRef"),
    "authority of the broker": ({"broker": EXTERNAL}, "ca", "broker.external.caSecretRef"),
    "certificate of the gateway": (
        {"gateway": {"tls": {"secretRef": {"name": "web"}}}},
        "web",
        "gateway.tls.secretRef",
    ),
}
PRESENT = {"login": ("username", "password"), "ca": ("ca.crt",), "web": ("tls.crt", "tls.key", "ca.crt")}
LABEL_IT = "run kubectl label secret {} edge-stack.io/use=true"


@pytest.mark.parametrize(("spec", "name", "where"), OTHERS.values(), ids=OTHERS)
async def test_spec_is_refused_while_a_secret_of_its_pods_has_no_label(
    spec: dict[str, Any], name: str, where: str
) -> None:
    """The kubelet mounts what the Deployment names: the Secret would be sent to the host in the spec."""
    place = Place(dict(PRESENT), labels={name: None})
    named = f"the Secret {name}, named in spec.{where},"
    lacks = f'{named} does not have the label edge-stack.io/use: "true": {LABEL_IT.format(name)}'
    assert await place.findings(spec) == SecretFindings(refusals=(Problem("SecretUnusable", lacks),))
    assert name not in place.usable
    place.labels.clear()
    place.now += RECHECK / 2
    assert await place.findings(spec) == SecretFindings()
    assert name in place.usable


@pytest.mark.parametrize(("spec", "name", "where"), OTHERS.values(), ids=OTHERS)
async def test_secret_that_does_not_exist_yet_is_refused_too(spec: dict[str, Any], name: str, where: str) -> None:
    """It could be created without the label, while a pod waits for it."""
    place = Place({key: value for key, value in PRESENT.items() if key != name})
    message = f"the Secret {name}, named in spec.{where}, does not exist: create it, then {LABEL_IT.format(name)}"
    assert (await place.findings(spec)).refusals == (Problem("SecretUnusable", message, lasting=False),)


async def test_both_secrets_of_a_broker_are_reported() -> None:
    place = Place(dict(PRESENT), labels={"login": None, "ca": None})
    assert len((await place.findings({"broker": EXTERNAL})).refusals) == 2


async def test_certificate_of_the_broker_is_usable_with_the_label_only() -> None:
    """The agent may read it only then; its problem is reported with the CA bundle."""
    place, spec = Place({"theirs": ("tls.crt",)}, labels={"theirs": None}), {"tls": {"secretRef": {"name": "theirs"}}}
    assert await place.findings({"broker": {"managed": spec}}) == SecretFindings()
    assert place.usable == set()
    place.labels.clear()
    place.now += RECHECK / 2
    await place.findings({"broker": {"managed": spec}})
    assert place.usable == {"theirs"}, "the broker does not start before the agent may read it"


@pytest.mark.parametrize(
    ("pattern", "is_allowed"),
    [("plant/login", True), ("plant/lo*", True), ("*/*", True), ("other/login", False), ("plant/log", False)],
)
async def test_secrets_that_the_operator_allows_need_no_label(pattern: str, *, is_allowed: bool) -> None:
    place = Place(dict(PRESENT), labels={"login": None}, allowed=(pattern,))
    assert (await place.findings({"broker": EXTERNAL}) == SecretFindings()) is is_allowed
    assert ("login" in place.usable) is is_allowed


@pytest.mark.parametrize("error", ERRORS, ids=["rejected", "unreachable"])
async def test_error_of_a_read_changes_nothing_about_a_secret_of_the_broker(error: Exception) -> None:
    place = Place(dict(PRESENT))
    await place.findings({"broker": EXTERNAL})
    place.errors, place.now = {"login": error, "ca": error}, 10 * RECHECK
    assert await place.findings({"broker": EXTERNAL}) == SecretFindings()
    assert place.usable == {"login", "ca"}
