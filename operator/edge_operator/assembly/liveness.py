"""Assembles the liveness of devices."""

import time

from edge_liveness import EventBudget, StatusWrites, WriteLimits
from edge_operator.assembly.connections import Sessions
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.budget import WriteBudget
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.clock import wall_clock
from edge_operator.cluster.lease import LeaseGate
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.events import Events
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.liveness.clocks import Clocks
from edge_operator.control.liveness.controller import LivenessController
from edge_operator.control.liveness.events import LivenessEvents
from edge_operator.control.liveness.writer import CONCURRENCY, FIELD_MANAGER, LivenessWriter
from edge_operator.control.loop.informers import Informers
from edge_operator.control.site_broker.liveness_settings import LivenessTimers
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.settings import Settings
from edge_operator.telemetry.metrics import Metrics


def build_liveness(
    settings: Settings,
    sessions: Sessions,
    gate: LeaseGate,
    informers: Informers,
    brokers: BrokerSessions,
    site_topics: SiteTopics,
    metrics: Metrics,
) -> LivenessController:
    """Return the controller of the devices' liveness; its writes have a budget of their own."""
    clocks = Clocks(time.monotonic, wall_clock)
    rate, burst = settings.liveness_writes_per_second, settings.liveness_write_burst
    client = ApiClient(sessions.requests, gate, WriteBudget(rate, burst, clocks.steady), metrics, CONCURRENCY)
    limits = WriteLimits(rate=rate, burst=burst, refresh_after=settings.last_seen_seconds or None)
    writes: StatusWrites[ResourceKey] = StatusWrites(limits, clocks.steady())
    events = Events(client, settings.identity, wall_clock, metrics)
    objects = ObjectClient(client, FIELD_MANAGER)
    controller = LivenessController(
        informers,
        brokers,
        RetainedCleanup(brokers, informers.sites, informers.devices, metrics, clocks.steady),
        RosterPublisher(brokers, informers.sites, informers.devices, metrics, clocks.steady),
        writes,
        LivenessWriter(writes, objects, informers.devices, gate.is_open, metrics, clocks, settings.look_again_seconds),
        LivenessEvents(EventBudget(writes.take_event), events, informers.sites),
        site_topics,
        metrics,
        clocks,
        LivenessTimers(
            unreachable_after=settings.unreachable_after_seconds,
            mass_grace=settings.mass_grace_seconds,
            count_period=settings.figures_seconds,
        ),
    )
    informers.add_handler(controller)
    return controller
