"""One operator process put together: who knows whom."""

import datetime as dt
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp

from edge_liveness import EventBudget, StatusWrites, WriteLimits

from .broker.sessions import BrokerSessions
from .cluster.budget import WriteBudget
from .cluster.client import ApiClient, abort_when_closed
from .cluster.clock import boottime
from .cluster.connection import Connection
from .cluster.election import Election
from .cluster.lease import LeaseGate
from .cluster.objects import Objects
from .cluster.watch import Selection, Watch
from .control.broker_link import BrokerLink
from .control.children import Children
from .control.clocks import Clocks
from .control.contention import Contention
from .control.device import DeviceReconciler
from .control.events import Events
from .control.figures import Figures
from .control.heal import Healer, Healers
from .control.knowledge import Knowledge
from .control.leftovers import Leftovers
from .control.liveness import LivenessKeeper
from .control.liveness_events import LivenessEvents
from .control.liveness_writer import CONCURRENCY, FIELD_MANAGER, LivenessWriter
from .control.observed import MANAGED_BY
from .control.own_passwords import LABELLED_SECRET, SELECTOR
from .control.plan import Plans
from .control.refusals import Refusals
from .control.revocations import Revocations
from .control.roots import RootKeys
from .control.rosters import Rosters
from .control.rotations import Rotations
from .control.site import SiteReconciler
from .control.status_writer import EDGE_DEVICE, EDGE_SITE, StatusWriter
from .control.store import DEVICE, SITE, ResourceKey
from .control.workers import Workers
from .desired.kinds import CHILD_KINDS
from .desired.metadata import PART_OF
from .desired.release import Release
from .health import Health, ResourceWatch
from .identity.derive import ROOT_BYTES
from .settings import Settings
from .telemetry.metrics import Metrics
from .telemetry.probes import LoopLag, Probes

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
LEASE_TIMEOUT = aiohttp.ClientTimeout(total=2)
WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)
READ_CONNECTIONS = 10


def wall_clock() -> dt.datetime:
    """Return now, for people: it is written but never compared."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Sessions:
    """The connections to the API server, apart so that none delays another.

    Attributes:
        requests: reads and writes.
        watches: streams.
        lease: the lease alone.
    """

    requests: aiohttp.ClientSession
    watches: aiohttp.ClientSession
    lease: aiohttp.ClientSession

    async def close(self) -> None:
        """Close them all."""
        for session in (self.requests, self.watches, self.lease):
            await session.close()


@dataclass(frozen=True)
class Operator:
    """The parts of one operator process that are run or asked.

    Attributes:
        sessions: the connections.
        client: reads and gated writes.
        gate: open while the lease is ours.
        election: takes part in the election.
        knowledge: what is known.
        healers: heal what is known of sites and of devices.
        watches: the watches of the children.
        workers: reconcile sites, and devices; keep the lives of the devices.
        brokers: the sessions with the sites' brokers.
        resources: what is known of Kopf's watch.
        lag: measures the event loop.
        probes: the HTTP server.
    """

    sessions: Sessions
    client: ApiClient
    gate: LeaseGate
    election: Election
    knowledge: Knowledge
    healers: Healers
    watches: tuple[Watch, ...]
    workers: tuple[Callable[[], Coroutine[Any, Any, None]], ...]
    brokers: BrokerSessions
    resources: ResourceWatch
    lag: LoopLag
    probes: Probes


def open_sessions(connection: Connection, gate: LeaseGate, settings: Settings) -> Sessions:
    """Open the connections to the API server."""
    limit = settings.write_concurrency + CONCURRENCY + READ_CONNECTIONS
    trace = abort_when_closed(gate.is_open)
    return Sessions(
        requests=connection.open_session(limit=limit, timeout=REQUEST_TIMEOUT, trace=trace),
        watches=connection.open_session(limit=0, timeout=WATCH_TIMEOUT),
        lease=connection.open_session(limit=1, timeout=LEASE_TIMEOUT),
    )


def assemble(settings: Settings, connection: Connection) -> Operator:
    """Put an operator together; nothing runs yet. To be called in the event loop."""
    metrics = Metrics()
    gate = LeaseGate(boottime)
    sessions = open_sessions(connection, gate, settings)
    budget = WriteBudget(settings.writes_per_second, settings.write_burst, time.monotonic)
    client = ApiClient(sessions.requests, gate, budget, metrics, settings.write_concurrency)
    knowledge = Knowledge()
    brokers = BrokerSessions(f"edge-operator-{settings.identity}")
    liveness = build_liveness(settings, sessions, gate, knowledge, brokers, metrics)

    def on_change(leading: bool) -> None:  # noqa: FBT001 - the one thing that a change is
        if leading:
            knowledge.look_at_all()

    election = build_election(settings, sessions, gate, metrics, on_change)
    watches = build_watches(settings, sessions, knowledge, metrics)
    lag, resources = LoopLag(metrics, time.monotonic), ResourceWatch()
    health = Health(boottime, lag, watches, resources, election)

    def refresh() -> None:
        metrics.queue_depth.labels(SITE).set(len(knowledge.site_queue))
        metrics.queue_depth.labels(DEVICE).set(len(knowledge.device_queue))
        metrics.sites.set(len(knowledge.sites))
        metrics.devices.set(len(knowledge.devices))
        metrics.children.set(len(knowledge.children))
        metrics.broker_sessions.set(len(brokers))
        metrics.brokers_connected.set(brokers.connected)
        liveness.show(metrics)
        for watch in watches:
            metrics.watch_age.labels(watch.kind.kind).set(watch.age)

    return Operator(
        sessions=sessions,
        client=client,
        gate=gate,
        election=election,
        knowledge=knowledge,
        healers=Healers(
            Healer(client, EDGE_SITE, knowledge.sites, settings.watch_namespaces),
            Healer(client, EDGE_DEVICE, knowledge.devices, settings.watch_namespaces),
        ),
        watches=watches,
        workers=(
            *build_workers(settings, client, knowledge, gate, metrics, brokers, liveness),
            lambda: liveness.run(gate.is_open, lambda: election.displaced),
        ),
        brokers=brokers,
        resources=resources,
        lag=lag,
        probes=Probes(metrics, health.unhealthy, health.not_ready, refresh),
    )


def build_liveness(
    settings: Settings,
    sessions: Sessions,
    gate: LeaseGate,
    knowledge: Knowledge,
    brokers: BrokerSessions,
    metrics: Metrics,
) -> LivenessKeeper:
    """Put together what keeps the lives of the devices; its writes have a budget of their own."""
    clocks = Clocks(time.monotonic, wall_clock)
    rate, burst = settings.liveness_writes_per_second, settings.liveness_write_burst
    client = ApiClient(sessions.requests, gate, WriteBudget(rate, burst, clocks.steady), metrics, CONCURRENCY)
    limits = WriteLimits(rate=rate, burst=burst, refresh_after=settings.last_seen_seconds or None)
    writes: StatusWrites[ResourceKey] = StatusWrites(limits, clocks.steady())
    events = Events(client, settings.identity, wall_clock, metrics)
    objects = Objects(client, FIELD_MANAGER)
    keeper = LivenessKeeper(
        knowledge,
        brokers,
        Leftovers(brokers, knowledge.sites, knowledge.devices, metrics, clocks.steady),
        Rosters(brokers, knowledge.sites, knowledge.devices, metrics, clocks.steady),
        writes,
        LivenessWriter(writes, objects, knowledge.devices, gate.is_open, metrics, clocks),
        LivenessEvents(EventBudget(writes.take_event), events, knowledge.sites),
        metrics,
        clocks,
    )
    knowledge.tell(keeper)
    return keeper


def build_workers(
    settings: Settings,
    client: ApiClient,
    knowledge: Knowledge,
    gate: LeaseGate,
    metrics: Metrics,
    brokers: BrokerSessions,
    liveness: LivenessKeeper,
) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
    """Put the reconcile of sites and of devices together; each has workers of its own, so neither delays the other."""
    objects = Objects(client)
    events = Events(client, settings.identity, wall_clock, metrics)
    again, store = settings.look_again_seconds, knowledge.children
    children = Children(objects, store, Contention(time.monotonic), Refusals(time.monotonic), metrics, again)
    roots = RootKeys(objects, store, lambda: secrets.token_bytes(ROOT_BYTES), knowledge.look_at_devices_of)
    release = Release(
        version=settings.release,
        registry=settings.image_registry,
        operator_namespace=settings.operator_namespace,
    )
    rotations = Rotations(store, wall_clock)
    own_passwords = knowledge.own_passwords
    plans = Plans(release, store, knowledge.devices, rotations, own_passwords, wall_clock)
    site_status = StatusWriter(EDGE_SITE, objects, events, wall_clock)
    device_status = StatusWriter(EDGE_DEVICE, objects, events, wall_clock)
    link = BrokerLink(brokers, objects, settings.broker_addresses)
    revocations = Revocations(store, plans, children, objects)
    figures = Figures(liveness.figures, time.monotonic)
    sites = SiteReconciler(store, roots, plans, children, revocations, site_status, link, figures, again)
    look_at_site = knowledge.site_queue.add
    devices = DeviceReconciler(
        knowledge.sites,
        knowledge.devices,
        store,
        roots,
        children,
        device_status,
        rotations,
        own_passwords,
        look_at_site,
    )
    leading = gate.is_open
    return (
        Workers(SITE, knowledge.site_queue, knowledge.sites, sites, leading, metrics).run,
        Workers(DEVICE, knowledge.device_queue, knowledge.devices, devices, leading, metrics).run,
    )


def build_election(
    settings: Settings,
    sessions: Sessions,
    gate: LeaseGate,
    metrics: Metrics,
    on_change: Callable[[bool], None],
) -> Election:
    """Put the election together."""
    return Election(
        sessions.lease,
        namespace=settings.operator_namespace,
        name=settings.lease_name,
        identity=settings.identity,
        gate=gate,
        metrics=metrics,
        clock=boottime,
        wall_clock=wall_clock,
        on_change=on_change,
    )


def build_watches(settings: Settings, sessions: Sessions, knowledge: Knowledge, metrics: Metrics) -> tuple[Watch, ...]:
    """Return a watch of each kind of child, and of the passwords that users bring, in each namespace that is served."""
    ours = f"{MANAGED_BY}={PART_OF}"
    namespaces = settings.watch_namespaces or (None,)
    children = (
        Watch(sessions.watches, Selection(kind, namespace, ours), knowledge.children, metrics, boottime)
        for namespace in namespaces
        for kind in CHILD_KINDS
    )
    passwords = (
        Watch(
            sessions.watches,
            Selection(LABELLED_SECRET, namespace, SELECTOR),
            knowledge.own_passwords,
            metrics,
            boottime,
        )
        for namespace in namespaces
    )
    return (*children, *passwords)
