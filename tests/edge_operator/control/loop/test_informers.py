"""Which sites and devices are enqueued when one of them changes."""

from collections.abc import Callable
from typing import Any

import pytest

from edge_operator.api.schema import API_VERSION
from edge_operator.cluster.clock import wall_clock
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.user_passwords import LABELLED_SECRET
from edge_operator.control.loop.informers import BATCH_SECONDS, NEW_BATCH_SECONDS, Informers
from edge_operator.control.loop.work_queue import WorkQueue
from edge_operator.desired.kinds import SECRET

VERSIONS = iter(range(1, 10_000))


def site(name: str, *, uid: str = "s1", mqtts: str | None = None, **spec: Any) -> dict[str, Any]:
    status = {"endpoints": {"mqtts": mqtts}} if mqtts else {}
    return {"metadata": metadata(name, uid) | {"generation": 1 + bool(spec)}, "spec": spec, "status": status}


def device(
    name: str, of: str, *, uid: str | None = None, generation: int = 1, status: Any = None, **spec: Any
) -> dict[str, Any]:
    head = metadata(name, uid or f"d-{name}") | {"generation": generation}
    body = {"metadata": head, "spec": {"siteRef": {"name": of}, **spec}}
    return body | ({"status": status} if status else {})


def metadata(name: str, uid: str) -> dict[str, Any]:
    version = str(next(VERSIONS))
    created = "2026-01-01T00:00:01Z" if name == "twin" else "2026-01-01T00:00:00Z"
    return {
        "namespace": "ns",
        "name": name,
        "uid": uid,
        "resourceVersion": version,
        "generation": 1,
        "creationTimestamp": created,
    }


async def drain(queue: WorkQueue[ResourceKey]) -> set[str]:
    found = set()
    while len(queue):
        key = await queue.get()
        queue.done(key)
        found.add(key[1])
    return found


class Watched:
    """The caches, with empty queues."""

    def __init__(self) -> None:
        self.informers = Informers(wall_clock)
        self.batched: list[tuple[str, float]] = []
        queue = self.informers.site_queue
        queue.add_after = lambda key, seconds: self.batched.append((key[1], seconds))  # type: ignore[method-assign]

    async def looked_at(self) -> tuple[set[str], set[str], set[str]]:
        """Return the enqueued sites, the sites after a batch, and the devices."""
        batched = {name for name, seconds in self.batched if seconds in (BATCH_SECONDS, NEW_BATCH_SECONDS)}
        self.batched.clear()
        return await drain(self.informers.site_queue), batched, await drain(self.informers.device_queue)


@pytest.fixture
async def watched() -> Watched:
    watched = Watched()
    for name in ("a", "b"):
        watched.informers.sites.put(site(name))
    for name, of in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        watched.informers.devices.put(device(name, of))
    await watched.looked_at()
    return watched


@pytest.mark.parametrize(
    ("change", "devices"),
    [
        (lambda: site("a", location="x"), set()),
        (lambda: site("a", mqtts="mqtts://h:1"), {"a1", "a2"}),
        (lambda: site("a", broker={"type": "External"}), {"a1", "a2"}),
        (lambda: site("a", broker={"managed": {"tls": {"secretRef": {"name": "t"}}}}), {"a1", "a2"}),
        (lambda: site("a", uid="anew"), {"a1", "a2"}),
        (lambda: unready("a"), {"a1", "a2"}),
        (lambda: unready("a", endpoints={"mqtts": "mqtts://h:1"}), {"a1", "a2"}),
    ],
    ids=[
        "nothing of theirs",
        "another address",
        "another broker",
        "another authority",
        "made anew",
        "a problem before there is an address",
        "an address, and a problem",
    ],
)
async def test_devices_are_looked_at_where_their_site_offers_something_else(
    watched: Watched, change: Callable[[], dict[str, Any]], devices: set[str]
) -> None:
    watched.informers.sites.put(change())
    assert await watched.looked_at() == ({"a"}, set(), devices)


DELETED = {"deletionTimestamp": "2026-01-01T00:00:02Z"}


def unready(name: str, **status: Any) -> dict[str, Any]:
    """Return a site that is not ready."""
    condition = {"type": "Ready", "status": "False", "reason": "NotOurs", "message": "m"}
    return {**site(name), "status": {"conditions": [condition], **status}}


OF_A_SITE: dict[str, tuple[Callable[[], dict[str, Any]], bool]] = {
    "its spec": (lambda: site("a", location="x"), True),
    "made anew": (lambda: site("a", uid="anew"), True),
    "being deleted": (lambda: site("a") | {"metadata": metadata("a", "s1") | DELETED}, True),
    "its status": (lambda: site("a") | {"status": {"phase": "Ready"}}, True),
    "a label": (lambda: site("a") | {"metadata": metadata("a", "s1") | {"labels": {"x": "y"}}}, False),
    "a finalizer": (lambda: site("a") | {"metadata": metadata("a", "s1") | {"finalizers": ["x/y"]}}, False),
}


@pytest.mark.parametrize(("change", "enqueued"), OF_A_SITE.values(), ids=OF_A_SITE)
async def test_site_is_looked_at_where_something_of_it_matters(
    watched: Watched, change: Callable[[], dict[str, Any]], *, enqueued: bool
) -> None:
    watched.informers.sites.put(change())
    assert (await watched.looked_at())[0] == ({"a"} if enqueued else set())


CREDENTIALS = {"observedGeneration": 1, "deviceId": "a1", "conditions": [{"type": "Ready", "status": "True"}]}


@pytest.mark.parametrize(
    ("status", "enqueued"),
    [
        pytest.param(CREDENTIALS, False, id="as written"),
        pytest.param({**CREDENTIALS, "phase": "Online"}, False, id="with its life"),
        pytest.param({**CREDENTIALS, "deviceId": "other"}, True, id="edited"),
    ],
)
async def test_own_status_of_a_device_is_no_reason_to_look(
    watched: Watched, status: dict[str, Any], *, enqueued: bool
) -> None:
    with watched.informers.devices.own_writes.sending(("ns", "a1"), CREDENTIALS):
        watched.informers.devices.put(device("a1", "a", status=status))
    assert (await watched.looked_at())[2] == ({"a1"} if enqueued else set())


async def test_devices_are_looked_at_when_their_site_goes(watched: Watched) -> None:
    watched.informers.sites.delete(("ns", "b"))
    assert await watched.looked_at() == ({"b"}, set(), {"b1"})


@pytest.mark.parametrize(
    ("change", "sites", "devices"),
    [
        (lambda: device("a1", "a", generation=2, displayName="x"), set(), {"a1"}),
        (lambda: device("a1", "a", status={"phase": "Online"}), set(), set()),
        (lambda: device("a1", "a", status={"conditions": [{"type": "Connected"}]}), set(), set()),
        (lambda: device("a1", "a", status={"conditions": [{"type": "Ready"}]}), set(), {"a1"}),
        (lambda: device("a1", "a", status={"observedGeneration": 1}), set(), {"a1"}),
        (lambda: device("a1", "a", status={"deviceId": "a1"}), set(), {"a1"}),
        (lambda: device("a1", "a", generation=2, disabled=True), {"a"}, {"a1"}),
        (lambda: device("a1", "a", generation=2, credentials={"rotation": 1}), {"a"}, {"a1"}),
        (lambda: device("a1", "b", uid="anew"), {"a", "b"}, {"a1"}),
    ],
    ids=[
        "nothing of its login",
        "its life",
        "the condition of its life",
        "another condition",
        "the generation that was looked at",
        "its identifier in the status",
        "shut out",
        "rotated",
        "made anew in another site",
    ],
)
async def test_site_is_looked_at_where_a_login_changes(
    watched: Watched, change: Callable[[], dict[str, Any]], sites: set[str], devices: set[str]
) -> None:
    watched.informers.devices.put(change())
    assert await watched.looked_at() == (set(), sites, devices)


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        (lambda: device("a3", "a"), NEW_BATCH_SECONDS),
        (lambda: device("a1", "a", generation=2, disabled=True), BATCH_SECONDS),
    ],
    ids=["new", "shut out"],
)
async def test_a_revocation_waits_for_less_than_a_new_device(
    watched: Watched, change: Callable[[], dict[str, Any]], seconds: float
) -> None:
    watched.informers.devices.put(change())
    assert set(watched.batched) == {("a", seconds)}


async def test_younger_device_is_looked_at_when_the_elder_goes(watched: Watched) -> None:
    watched.informers.devices.put(device("twin", "a", deviceId="a1"))
    assert await watched.looked_at() == (set(), {"a"}, {"a1", "twin"})
    held = [each.metadata["name"] for each in watched.informers.devices.id_owners(("ns", "a"))]
    assert held == ["a1", "a2"]
    watched.informers.devices.delete(("ns", "a1"))
    assert await watched.looked_at() == (set(), {"a"}, {"a1", "twin"})
    held = [each.metadata["name"] for each in watched.informers.devices.id_owners(("ns", "a"))]
    assert held == ["twin", "a2"]


async def test_secret_of_a_device_concerns_the_device_alone(watched: Watched) -> None:
    owner = {"apiVersion": API_VERSION, "kind": "EdgeDevice", "name": "a1", "uid": "d-a1", "controller": True}
    labels = {"edge-stack.io/site": "a", "app.kubernetes.io/managed-by": "edge-stack"}
    secret = {"metadata": metadata("a1-device-credentials", "x") | {"ownerReferences": [owner], "labels": labels}}
    watched.informers.children.put(SECRET, secret)
    assert await watched.looked_at() == (set(), set(), {"a1"})


async def test_password_that_a_user_brings_concerns_its_device_and_the_password_file(watched: Watched) -> None:
    reference = {"existingSecretRef": {"name": "mine"}}
    watched.informers.devices.put(device("a2", "a", generation=2, credentials=reference))
    await watched.looked_at()
    watched.informers.user_passwords.put(LABELLED_SECRET, {"metadata": metadata("mine", "x"), "data": {}})
    assert watched.batched == [("a", BATCH_SECONDS)]
    assert await watched.looked_at() == (set(), {"a"}, {"a2"})


async def test_new_leader_looks_at_everything(watched: Watched) -> None:
    watched.informers.enqueue_all()
    assert await watched.looked_at() == ({"a", "b"}, set(), {"a1", "a2", "b1"})
