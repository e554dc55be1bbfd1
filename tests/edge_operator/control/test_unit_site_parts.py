"""Sites in memory, their healing, volumes, plans, endpoints, Events and status."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

import pytest

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.cluster.objects import Objects
from edge_operator.control.apply.events import NOTE_LIMIT, Events
from edge_operator.control.apply.status_writer import EDGE_SITE, StatusWriter
from edge_operator.control.cache.child_cache import ChildStore, ResourceKey
from edge_operator.control.cache.resource import SiteObject
from edge_operator.control.cache.resource_cache import DeviceStore, SiteStore
from edge_operator.control.cache.user_passwords import OwnPasswords
from edge_operator.control.credentials.device_rotations import Rotations
from edge_operator.control.credentials.root_secrets import Root
from edge_operator.control.diff.observed import Observed, observe
from edge_operator.control.diff.volumes import fit
from edge_operator.control.loop.resync import Healer
from edge_operator.control.site.endpoints import endpoints
from edge_operator.control.site.plan import Plans, SpecUnusableError
from edge_operator.desired.kinds import PVC
from edge_operator.desired.release import Release
from edge_operator.desired.site import Site
from edge_operator.identity.certificates import PERIOD
from edge_operator.status.device import DeviceFacts, device_update
from edge_operator.status.facts import ComponentFacts, Problem, SiteFacts
from edge_operator.status.site import site_update
from edge_operator.telemetry.metrics import Metrics

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
RELEASE = Release("1.0.0")
ROOT = Root(b"k" * 32, "u", "5", made_anew=False, extra=(), intact=True)
KEY = ("ns", "hall")


def body(version: int = 1, uid: str = "u1", name: str = "hall", **more: Any) -> dict[str, Any]:
    metadata = {"namespace": "ns", "name": name, "uid": uid, "resourceVersion": str(version), "generation": 1}
    return {"metadata": metadata, "spec": {}, **more}


class FakeClient:
    """Takes what is written, or refuses; reads what it was given."""

    def __init__(self, error: Exception | None = None, reads: Callable[[str], dict[str, Any]] | None = None) -> None:
        self.error, self.reads = error, reads
        self.written: list[tuple[str, str, Any]] = []
        self.asked: list[str] = []

    async def read(self, path: str, *_: Any, **__: Any) -> dict[str, Any]:
        self.asked.append(path)
        assert self.reads is not None
        return self.reads(path)

    async def write(self, method: str, path: str, body: Any = None, **_: Any) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        self.written.append((method, path, body))
        return {}

    def as_client(self) -> ApiClient:
        return cast("ApiClient", self)


def telling(told: list[ResourceKey]) -> Callable[[SiteObject | None, SiteObject | None], None]:
    def changed(before: SiteObject | None, after: SiteObject | None) -> None:
        site = after or before
        assert site is not None
        told.append(site.key)

    return changed


def test_sites_take_what_is_newer() -> None:
    told: list[ResourceKey] = []
    sites = SiteStore(telling(told))
    sites.put(body(5))
    sites.put(body(4))
    sites.put(body(5))
    assert (told, len(sites), list(sites)) == ([KEY], 1, [KEY])
    sites.put(body(6))
    sites.put(body(3, "u2"))
    site = sites.get(KEY)
    assert site is not None
    assert (site.claim.uid, len(told)) == ("u2", 3), "a site made anew counts, whatever its version"


def test_dropped_site_is_told_once() -> None:
    told: list[ResourceKey] = []
    sites = SiteStore(telling(told))
    sites.put(body())
    sites.drop(KEY)
    sites.drop(KEY)
    assert (told, sites.get(KEY)) == ([KEY, KEY], None)


def test_sites_keep_no_managed_fields_and_leave_the_event_as_it_was() -> None:
    sites = SiteStore(lambda *_: None)
    event = body()
    event["metadata"]["managedFields"] = ["much"]
    sites.put(event)
    site = sites.get(KEY)
    assert site is not None
    assert "managedFields" not in site.metadata
    assert "managedFields" in event["metadata"]


@pytest.mark.parametrize(
    ("listed", "unlike"),
    [
        ({("ns", "a"): "1", ("ns", "b"): "2"}, set()),
        ({("ns", "a"): "1"}, {("ns", "b")}),
        ({("ns", "a"): "1", ("ns", "b"): "3"}, {("ns", "b")}),
        ({("ns", "a"): "1", ("ns", "b"): "2", ("ns", "c"): "1"}, {("ns", "c")}),
    ],
)
def test_unlike(listed: dict[ResourceKey, str], unlike: set[ResourceKey]) -> None:
    sites = SiteStore(lambda *_: None)
    sites.put(body(1, name="a"))
    sites.put(body(2, name="b"))
    assert set(sites.unlike(listed)) == unlike


class Server:
    """What the API server has of EdgeSites, and what its lagging list says."""

    def __init__(self, listed: list[dict[str, Any]], there: list[dict[str, Any]]) -> None:
        self.listed, self.there = listed, {each["metadata"]["name"]: each for each in there}
        self.on_get: Callable[[], None] = lambda: None

    def __call__(self, path: str) -> dict[str, Any]:
        if path.endswith("/edgesites"):
            return {"metadata": {}, "items": self.listed}
        self.on_get()
        if (found := self.there.get(path.rpartition("/")[2])) is None:
            raise ApiError(404, "NotFound", "gone")
        return found


async def test_heal_drops_what_is_gone_and_takes_what_was_missed() -> None:
    sites = SiteStore(lambda *_: None)
    for name in ("gone", "stale", "same"):
        sites.put(body(1, name, name))
    there = [body(1, "same", "same"), body(9, "stale", "stale"), body(3, "missed", "missed")]
    client = FakeClient(reads=Server(there, there))
    await Healer(client.as_client(), EDGE_SITE, sites, ()).heal()
    assert {name for _, name in sites} == {"same", "stale", "missed"}
    assert not any(path.endswith("/same") for path in client.asked)


async def test_heal_does_not_believe_a_list_that_lags() -> None:
    sites = SiteStore(lambda *_: None)
    sites.put(body(5))
    client = FakeClient(reads=Server([], [body(5)]))
    await Healer(client.as_client(), EDGE_SITE, sites, ()).heal()
    assert sites.get(KEY) is not None


async def test_heal_does_not_drop_a_site_that_is_made_while_the_answer_is_on_its_way() -> None:
    sites = SiteStore(lambda *_: None)
    sites.put(body(1))
    server = Server([], [])
    server.on_get = lambda: sites.put(body(9, "u2"))
    await Healer(FakeClient(reads=server).as_client(), EDGE_SITE, sites, ()).heal()
    assert sites.get(KEY) is not None


async def test_heal_does_not_bring_back_a_site_that_goes_while_the_answer_is_on_its_way() -> None:
    sites = SiteStore(lambda *_: None)
    sites.put(body(1))
    server = Server([body(2)], [body(2)])
    server.on_get = lambda: sites.drop(KEY, "u1")
    await Healer(FakeClient(reads=server).as_client(), EDGE_SITE, sites, ()).heal()
    assert sites.get(KEY) is None


async def test_heal_asks_each_namespace_that_is_served() -> None:
    client = FakeClient(reads=Server([], []))
    await Healer(client.as_client(), EDGE_SITE, SiteStore(lambda *_: None), ("a", "b")).heal()
    assert [path.split("/")[-2] for path in client.asked] == ["a", "b"]


def volume(size: str, storage_class: str | None = None, *, owned: bool = False) -> Observed:
    spec: dict[str, Any] = {"resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    fields: dict[str, Any] = {"f:spec": {"f:storageClassName": {}}} if owned else {"f:spec": {"f:accessModes": {}}}
    managed = [{"manager": "edge-stack", "operation": "Apply", "fieldsV1": fields}]
    metadata = {"name": "v", "namespace": "ns", "uid": "u", "resourceVersion": "1", "managedFields": managed}
    return observe(PVC, {"metadata": metadata, "spec": spec})


@pytest.mark.parametrize(
    ("wanted", "there", "becomes"),
    [
        pytest.param(("10Gi", None), None, ("10Gi", None), id="none there"),
        pytest.param(("10Gi", None), volume("1Gi"), ("10Gi", None), id="grows"),
        pytest.param(("1Gi", None), volume("10Gi"), ("10Gi", None), id="never shrinks"),
        pytest.param(("1Gi", None), volume("1024Mi"), ("1Gi", None), id="same size in other words"),
        pytest.param(("1Gi", None), volume("1Gi", "default"), ("1Gi", None), id="class by default is not ours"),
        pytest.param(("1Gi", None), volume("1Gi", "fast", owned=True), ("1Gi", "fast"), id="class of ours stays"),
        pytest.param(("1Gi", "slow"), volume("1Gi", "fast", owned=True), ("1Gi", "fast"), id="class never changes"),
        pytest.param(("1Gi", "slow"), volume("1Gi", "default"), ("1Gi", "default"), id="nor one by default"),
        pytest.param(("1Gi", "slow"), volume("1Gi"), ("1Gi", "slow"), id="class where there was none"),
    ],
)
def test_fit(wanted: tuple[str, str | None], there: Observed | None, becomes: tuple[str, str | None]) -> None:
    size, storage_class = wanted
    manifest: dict[str, Any] = {"spec": {"resources": {"requests": {"storage": size}}}}
    if storage_class is not None:
        manifest["spec"]["storageClassName"] = storage_class
    spec = fit(manifest, there)["spec"]
    assert (spec["resources"]["requests"]["storage"], spec.get("storageClassName")) == becomes


PlansKind = TypeVar("PlansKind", bound=Plans)


def plans_over(
    store: ChildStore,
    kind: type[PlansKind],
    devices: DeviceStore | None = None,
    wall_clock: Callable[[], dt.datetime] = lambda: NOW,
) -> PlansKind:
    return kind(
        RELEASE,
        store,
        devices or DeviceStore(lambda *_: None),
        Rotations(store, wall_clock),
        OwnPasswords(lambda _: None),
        wall_clock,
    )


class CountingPlans(Plans):
    """Counts how often manifests are built."""

    built = 0

    def intents(self, site: SiteObject, root: Root) -> list[Any]:
        self.built += 1
        return super().intents(site, root)


@pytest.mark.parametrize(
    ("site", "root", "builds"),
    [
        pytest.param(SiteObject(body(2)), ROOT, 1, id="status has changed: nothing to build"),
        pytest.param(SiteObject(body(2, "u2")), ROOT, 2, id="site made anew"),
        pytest.param(
            SiteObject(body(2)), Root(b"x" * 32, "u", "6", made_anew=False, extra=(), intact=True), 2, id="root"
        ),
    ],
)
def test_plans_are_built_only_when_their_basis_changes(site: SiteObject, root: Root, builds: int) -> None:
    plans = plans_over(ChildStore(lambda *_: None), CountingPlans)
    first = plans.plan(SiteObject(body(1)), ROOT).wanted
    assert plans.plan(SiteObject(body(1)), ROOT).wanted is first
    plans.plan(site, root)
    assert plans.built == builds


def test_new_period_makes_the_certificate_anew_and_nothing_else() -> None:
    now = NOW
    plans = plans_over(ChildStore(lambda *_: None), Plans, wall_clock=lambda: now)
    before = {want.key.name: want.hash for want in plans.plan(SiteObject(body()), ROOT).wanted}
    now += PERIOD
    after = {want.key.name: want.hash for want in plans.plan(SiteObject(body()), ROOT).wanted}
    assert {name for name in before if before[name] != after[name]} == {"hall-mqtt-tls"}


def test_what_had_to_be_built_to_compare_is_not_built_again_to_apply() -> None:
    plans = plans_over(ChildStore(lambda *_: None), CountingPlans)
    built = plans.plan(SiteObject(body(1)), ROOT).intents()
    assert plans.built == 1
    unchanged = plans.plan(SiteObject(body(1)), ROOT)
    assert plans.built == 1, "nothing to build before something is to be done"
    assert [each.hash for each in unchanged.intents()] == [each.hash for each in built]


def test_plan_of_a_site_that_is_gone_is_forgotten() -> None:
    plans = plans_over(ChildStore(lambda *_: None), CountingPlans)
    plans.plan(SiteObject(body()), ROOT)
    plans.forget(KEY)
    plans.forget(KEY)
    assert not plans._wanted  # noqa: SLF001 - what grows is not seen from outside


def test_changed_volume_is_planned_anew() -> None:
    store = ChildStore(lambda *_: None)
    plans = plans_over(store, CountingPlans)
    plans.plan(SiteObject(body()), ROOT)
    labels = {"edge-stack.io/site": "hall", "app.kubernetes.io/managed-by": "edge-stack"}
    metadata = {"namespace": "ns", "name": "hall-storage-data", "uid": "p", "resourceVersion": "1", "labels": labels}
    store.put(PVC, {"metadata": metadata, "spec": {"resources": {"requests": {"storage": "99Gi"}}}})
    plans.plan(SiteObject(body()), ROOT)
    assert plans.built == 2


def test_spec_of_other_rules_is_unusable_and_says_where() -> None:
    plans = plans_over(ChildStore(lambda *_: None), Plans)
    with pytest.raises(SpecUnusableError, match=r"spec\.gateway\.replicas.*correct the spec of the EdgeSite ns/hall"):
        plans.plan(SiteObject(body() | {"spec": {"gateway": {"replicas": "many"}}}), ROOT)


@pytest.mark.parametrize("status", [{"phase": "Sleeping"}, {"components": [{"name": "lights"}]}, {"conditions": [{}]}])
def test_status_of_another_release_does_not_make_the_spec_unusable(status: dict[str, Any]) -> None:
    plans = plans_over(ChildStore(lambda *_: None), Plans)
    assert plans.plan(SiteObject(body(status=status)), ROOT).wanted


def test_outline_is_the_site_without_its_devices() -> None:
    devices = DeviceStore(lambda *_: None)
    devices.put(body(1, "d1", "pump") | {"spec": {"siteRef": {"name": "hall"}}})
    plans = plans_over(ChildStore(lambda *_: None), Plans, devices)
    whole, outline = plans.site(SiteObject(body()), ROOT), plans.outline(SiteObject(body()), ROOT)
    assert [each.device_id for each in whole.devices] == ["pump"]
    assert outline == replace(whole, devices=())


PORTS = [
    {"name": "http", "port": 80, "nodePort": 30080},
    {"name": "mqtt", "port": 1883, "nodePort": 31883},
    {"name": "metrics", "port": 9},
]


def service(*ingress: dict[str, str]) -> dict[str, Any]:
    return {"spec": {"ports": PORTS}, "status": {"loadBalancer": {"ingress": list(ingress)}}}


@pytest.mark.parametrize(
    ("given", "seen", "expected"),
    [
        pytest.param({}, {}, {}, id="no Service yet"),
        pytest.param({}, {"spec": None, "status": None}, {}, id="nulls"),
        pytest.param(
            {},
            service(),
            {"http": "http://hall-gateway.ns.svc:80", "mqtt": "mqtt://hall-gateway.ns.svc:1883"},
            id="inside",
        ),
        pytest.param({}, service({}), {"http": "http://hall-gateway.ns.svc:80"}, id="balancer without address"),
        pytest.param({}, service({"ip": "192.0.2.1"}), {"http": "http://192.0.2.1:80"}, id="address of the balancer"),
        pytest.param(
            {}, service({"ip": "192.0.2.1", "hostname": "lb.example"}), {"http": "http://lb.example:80"}, id="its name"
        ),
        pytest.param({}, service({"ip": "2001:db8::1"}), {"mqtt": "mqtt://[2001:db8::1]:1883"}, id="IPv6"),
        pytest.param(
            {"externalAddress": "edge.example"},
            service({"ip": "192.0.2.1"}),
            {"http": "http://edge.example:80"},
            id="address given",
        ),
        pytest.param(
            {"type": "NodePort", "externalAddress": "node.example"},
            service(),
            {"http": "http://node.example:30080"},
            id="port of the node",
        ),
        pytest.param({"type": "NodePort"}, service(), {"http": "http://hall-gateway.ns.svc:80"}, id="node unknown"),
        pytest.param({}, {"spec": {"ports": [{"port": 80}]}}, {}, id="port without a name, not ours"),
    ],
)
def test_endpoints(given: dict[str, Any], seen: dict[str, Any], expected: dict[str, str]) -> None:
    spec = EdgeSiteSpec.model_validate({"gateway": {"service": given}})
    found = endpoints(Site("hall", "ns", "u", spec, RELEASE, b""), seen)
    assert {name: found.get(name) for name in expected} == expected
    assert bool(found) == bool(expected)


def status(phase: str, reason: str, message: str = "m") -> dict[str, Any]:
    return {"phase": phase, "conditions": [{"type": "Ready", "reason": reason, "message": message}]}


def device_status(*problems: Problem) -> dict[str, Any]:
    update = device_update(DeviceFacts(1, "pump", problems=problems), {}, "2026-07-01T12:00:00Z")
    assert update is not None
    return update


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        pytest.param({}, status("Progressing", "ComponentsNotReady"), "Normal", id="first"),
        pytest.param(status("Ready", "Reconciled"), status("Ready", "Reconciled", "other"), None, id="same"),
        pytest.param(status("Progressing", "X"), status("Ready", "Reconciled"), "Normal", id="phase"),
        pytest.param(status("Progressing", "X"), status("Progressing", "Y"), "Normal", id="reason"),
        pytest.param(status("Ready", "Reconciled"), status("Degraded", "X"), "Warning", id="fall"),
        pytest.param({}, device_status(Problem("SiteNotFound", "m")), "Warning", id="a device in need of somebody"),
        pytest.param({}, device_status(Problem("SiteNotReconciled", "m", lasting=False)), None, id="one that waits"),
        pytest.param({}, device_status(), None, id="a device that is ready"),
    ],
)
async def test_event_for_each_transition(before: dict[str, Any], after: dict[str, Any], severity: str | None) -> None:
    client = FakeClient()
    await Events(client.as_client(), "me", lambda: NOW, Metrics()).transition(SiteObject(body()), before, after)
    assert [event["type"] for _, _, event in client.written] == ([severity] if severity else [])


@pytest.mark.parametrize("message", ["x" * 5000, "é" * 5000, "a" + "é" * 5000, "ab" + "𝄞" * 5000])
async def test_note_is_cut_at_bytes_and_never_inside_a_character(message: str) -> None:
    client = FakeClient()
    events = Events(client.as_client(), "i" * 500, lambda: NOW, Metrics())
    await events.transition(SiteObject(body()), {}, status("Ready", "R", message))
    event = client.written[0][2]
    assert NOTE_LIMIT - 4 < len(event["note"].encode()) <= NOTE_LIMIT
    assert f"Ready: {message}".startswith(event["note"])
    assert len(event["reportingInstance"]) == 128
    assert event["eventTime"] == "2026-07-01T12:00:00.000000Z"


@pytest.mark.parametrize("error", [ApiError(403, "", "no"), UnreachableError("x"), NotLeaderError("x")])
async def test_event_that_cannot_be_written_is_counted_and_forgotten(error: Exception) -> None:
    metrics = Metrics()
    events = Events(FakeClient(error).as_client(), "me", lambda: NOW, metrics)
    await events.transition(SiteObject(body()), {}, status("Ready", "R"))
    assert metrics.registry.get_sample_value("edge_events_dropped_total") == 1


FACTS = SiteFacts(1, components=(ComponentFacts("gateway", "i", 1, 1, rolled_out=True),))


def writer(client: FakeClient) -> StatusWriter:
    events = Events(client.as_client(), "me", lambda: NOW, Metrics())
    return StatusWriter(EDGE_SITE, Objects(client.as_client()), events, lambda: NOW)


async def test_status_is_written_onto_the_version_it_was_computed_from_and_not_again() -> None:
    client = FakeClient()
    await writer(client).write(SiteObject(body(7)), partial(site_update, FACTS))
    (method, path, manifest), event = client.written
    assert (method, path.endswith("/edgesites/hall/status")) == ("PATCH", True)
    assert manifest["metadata"] == {"name": "hall", "namespace": "ns", "resourceVersion": "7"}
    assert event[1].endswith("/events")
    again = FakeClient()
    await writer(again).write(SiteObject(body(8, status=manifest["status"])), partial(site_update, FACTS))
    assert again.written == []


@pytest.mark.parametrize(
    "error", [ApiError(409, "", ""), ApiError(404, "", ""), ApiError(403, "", "", ("NamespaceTerminating",))]
)
async def test_status_of_what_has_changed_or_gone_is_left(error: ApiError) -> None:
    await writer(FakeClient(error)).write(SiteObject(body()), partial(site_update, FACTS))


@pytest.mark.parametrize("error", [ApiError(500, "", ""), UnreachableError("x"), NotLeaderError("x")])
async def test_status_that_could_not_be_written_is_tried_again_by_the_queue(error: Exception) -> None:
    with pytest.raises(type(error)):
        await writer(FakeClient(error)).write(SiteObject(body()), partial(site_update, FACTS))
