"""Values of the gauges."""

from collections.abc import Iterable

from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.watch import Watch
from edge_operator.control.cache.child_cache import DEVICE, SITE
from edge_operator.control.liveness.controller import LivenessController
from edge_operator.control.loop.informers import Informers
from edge_operator.telemetry.metrics import Metrics


def show(
    metrics: Metrics,
    informers: Informers,
    brokers: BrokerSessions,
    liveness: LivenessController,
    watches: Iterable[Watch],
) -> None:
    """Update the gauges when they are scraped, because their values change all the time."""
    metrics.queue_depth.labels(SITE).set(len(informers.site_queue))
    metrics.queue_depth.labels(DEVICE).set(len(informers.device_queue))
    metrics.sites.set(len(informers.sites))
    metrics.devices.set(len(informers.devices))
    metrics.children.set(len(informers.children))
    metrics.broker_sessions.set(len(brokers))
    metrics.brokers_connected.set(brokers.connected)
    liveness.update_gauges(metrics)
    for watch in watches:
        metrics.watch_age.labels(watch.kind.kind).set(watch.age)
