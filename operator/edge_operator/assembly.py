"""One operator process put together: who knows whom."""

import datetime as dt
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from .cluster.budget import WriteBudget
from .cluster.client import ApiClient, abort_when_closed
from .cluster.clock import boottime
from .cluster.connection import Connection
from .cluster.election import Election
from .cluster.lease import LeaseGate
from .cluster.objects import Objects
from .cluster.watch import Selection, Watch
from .control.children import Children
from .control.contention import Contention
from .control.events import Events
from .control.heal import SiteHealer
from .control.observed import MANAGED_BY
from .control.plan import Plans
from .control.queue import WorkQueue
from .control.refusals import Refusals
from .control.roots import RootKeys
from .control.site import SiteReconciler
from .control.site_status import SiteStatusWriter
from .control.sites import SiteStore
from .control.store import ChildStore, SiteKey
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
        sites: the sites as last seen.
        healer: heals them.
        watches: the watches of the children.
        workers: reconcile.
        resources: what is known of Kopf's watch.
        lag: measures the event loop.
        probes: the HTTP server.
    """

    sessions: Sessions
    client: ApiClient
    gate: LeaseGate
    election: Election
    sites: SiteStore
    healer: SiteHealer
    watches: tuple[Watch, ...]
    workers: Workers
    resources: ResourceWatch
    lag: LoopLag
    probes: Probes


def open_sessions(connection: Connection, gate: LeaseGate, settings: Settings) -> Sessions:
    """Open the connections to the API server."""
    limit = settings.write_concurrency + READ_CONNECTIONS
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
    queue: WorkQueue[SiteKey] = WorkQueue()
    sites, store = SiteStore(queue.add), ChildStore(queue.add)
    reconciler = build_reconciler(settings, client, store, metrics)

    def on_change(leading: bool) -> None:  # noqa: FBT001 - the one thing that a change is
        for key in sites if leading else ():
            queue.add(key)

    election = build_election(settings, sessions, gate, metrics, on_change)
    watches = build_watches(settings, sessions, store, metrics)
    lag, resources = LoopLag(metrics, time.monotonic), ResourceWatch()
    health = Health(boottime, lag, watches, resources, election)

    def refresh() -> None:
        metrics.queue_depth.set(len(queue))
        metrics.sites.set(len(sites))
        metrics.children.set(len(store))
        for watch in watches:
            metrics.watch_age.labels(watch.kind.kind).set(watch.age)

    return Operator(
        sessions=sessions,
        client=client,
        gate=gate,
        election=election,
        sites=sites,
        healer=SiteHealer(client, sites, settings.watch_namespaces),
        watches=watches,
        workers=Workers(queue, sites, reconciler, gate.is_open, metrics),
        resources=resources,
        lag=lag,
        probes=Probes(metrics, health.unhealthy, health.not_ready, refresh),
    )


def build_reconciler(settings: Settings, client: ApiClient, store: ChildStore, metrics: Metrics) -> SiteReconciler:
    """Put the reconcile of sites together."""
    release = Release(
        version=settings.release,
        registry=settings.image_registry,
        operator_namespace=settings.operator_namespace,
    )
    objects = Objects(client)
    events = Events(client, settings.identity, wall_clock, metrics)
    again = settings.look_again_seconds
    children = Children(objects, store, Contention(time.monotonic), Refusals(time.monotonic), metrics, again)
    roots = RootKeys(objects, store, lambda: secrets.token_bytes(ROOT_BYTES))
    status = SiteStatusWriter(objects, events, wall_clock)
    return SiteReconciler(store, roots, Plans(release, store), children, status, again)


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


def build_watches(settings: Settings, sessions: Sessions, store: ChildStore, metrics: Metrics) -> tuple[Watch, ...]:
    """Return a watch of each kind of child in each namespace that is served."""
    labels = f"{MANAGED_BY}={PART_OF}"
    return tuple(
        Watch(sessions.watches, Selection(kind, namespace, labels), store, metrics, boottime)
        for namespace in settings.watch_namespaces or (None,)
        for kind in CHILD_KINDS
    )
