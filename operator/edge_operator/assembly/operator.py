"""Assembles one operator process from its parts."""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from edge_operator.assembly.connections import Sessions, open_sessions
from edge_operator.assembly.gauges import show
from edge_operator.assembly.leadership import build_election
from edge_operator.assembly.liveness import build_liveness
from edge_operator.assembly.observation import build_resyncs, build_watches
from edge_operator.assembly.reconcile import build_workers
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.budget import WriteBudget
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.clock import boottime, wall_clock
from edge_operator.cluster.connection import Connection
from edge_operator.cluster.election import Election
from edge_operator.cluster.lease import LeaseGate
from edge_operator.cluster.watch import Watch
from edge_operator.control.loop.informers import Informers
from edge_operator.control.loop.resync import Resyncs
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.health import Health, ResourceWatches
from edge_operator.settings import Settings
from edge_operator.telemetry.metrics import Metrics
from edge_operator.telemetry.probes import LoopLag, Probes


@dataclass(frozen=True)
class Operator:
    """The parts of one operator process that are run or queried.

    Attributes:
        sessions: the connections to the API server.
        client: client for reads and gated writes.
        gate: open while this process holds the lease.
        election: takes part in the election.
        informers: caches and queues.
        resyncs: correct the caches of sites and of devices.
        watches: watches of the children and of the users' passwords.
        workers: reconcile sites and devices; run the liveness of devices.
        brokers: the sessions with the sites' brokers.
        resources: state of Kopf's watches.
        lag: measures the lag of the event loop.
        probes: the HTTP server for probes and metrics.
    """

    sessions: Sessions
    client: ApiClient
    gate: LeaseGate
    election: Election
    informers: Informers
    resyncs: Resyncs
    watches: tuple[Watch, ...]
    workers: tuple[Callable[[], Coroutine[Any, Any, None]], ...]
    brokers: BrokerSessions
    resources: ResourceWatches
    lag: LoopLag
    probes: Probes


def assemble(settings: Settings, connection: Connection) -> Operator:
    """Return an operator, of which nothing runs yet. Must be called in the event loop."""
    metrics = Metrics()
    gate = LeaseGate(boottime)
    sessions = open_sessions(connection, gate, settings)
    budget = WriteBudget(settings.writes_per_second, settings.write_burst, time.monotonic)
    client = ApiClient(sessions.requests, gate, budget, metrics, settings.write_concurrency)
    informers = Informers(wall_clock)
    brokers = BrokerSessions(f"edge-operator-{settings.identity}")
    site_topics = SiteTopics(metrics, informers.site_queue.add, time.monotonic, wall_clock)
    liveness = build_liveness(settings, sessions, gate, informers, brokers, site_topics, metrics)
    election = build_election(settings, sessions, gate, metrics, informers)
    watches = build_watches(settings, sessions, informers, metrics)
    lag, resources = LoopLag(metrics, time.monotonic), ResourceWatches(boottime)
    health = Health(boottime, lag, watches, resources, election)
    refresh = partial(show, metrics, informers, brokers, liveness, watches)
    return Operator(
        sessions=sessions,
        client=client,
        gate=gate,
        election=election,
        informers=informers,
        resyncs=build_resyncs(settings, client, informers),
        watches=watches,
        workers=(
            *build_workers(settings, client, informers, gate, metrics, brokers, site_topics, liveness),
            lambda: liveness.run(gate.is_open, lambda: election.lost_to_other),
        ),
        brokers=brokers,
        resources=resources,
        lag=lag,
        probes=Probes(metrics, health.unhealthy, health.not_ready, refresh),
    )
