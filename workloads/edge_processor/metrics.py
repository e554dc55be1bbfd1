"""Metrics of the processor."""

import math
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCIES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class SinkMetrics:
    """The metrics of one sink outside the site.

    Attributes:
        connected: 1 if the last attempt to reach its destination succeeded.
        pending: stored readings, or alerts for a sink of alerts only, that are not delivered; NaN unless this replica
            is the ingester.
        oldest: seconds since the site received the oldest of them; 0 if none waits.
        delivered: readings that the destination confirmed.
        rejected: readings and alerts that it rejected.
        alerts: alerts that it confirmed.
    """

    connected: Gauge
    pending: Gauge
    oldest: Gauge
    delivered: Counter
    rejected: Counter
    alerts: Counter


class ProcessorMetrics:
    """The metrics of one processor.

    Attributes:
        holding: 1 while this replica is the ingester.
        connected: 1 while it is connected to the broker.
        received: messages from devices.
        unnamed: messages without a valid device id in the topic; they cannot be stored.
        dropped: messages with QoS 0 that were dropped because too many waited.
        accepted: readings newly stored.
        duplicates: readings that the store had already.
        rejected: dead letters, by reason.
        batch: messages in a commit.
        commit: seconds of a commit as this process sees it.
        received_to_committed: seconds between the arrival of the oldest message of a batch and its commit.
        store_failures: attempts to commit that failed and were repeated.
        published: readings published on cloud/sensors.
        unpublished: stored readings that were not published on cloud/sensors, by reason.
        unsent: stored readings that are not published on cloud/sensors yet; NaN unless this replica is the ingester.
        alerts: alerts sent, by state.
        acks_stored: command acknowledgements that no gateway had stored.
        dropped_acks: command acknowledgements that were dropped, by reason.
        cloud_commands: commands of the cloud, by result.
        queue_lag: seconds that messages wait in the broker's queue; NaN while unknown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"edge_processor_{name}", about, labels, registry=registry)

        def gauge(name: str, about: str, *labels: str) -> Gauge:
            return Gauge(f"edge_processor_{name}", about, labels, registry=registry)

        def histogram(name: str, about: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"edge_processor_{name}", about, buckets=buckets, registry=registry)

        self.holding = gauge("lease_held", "1 while this replica is the ingester.")
        self.connected = gauge("broker_connected", "1 while this replica is connected to the broker.")
        self.received = counter("messages", "Messages from devices.")
        self.unnamed = counter("unnamed", "Messages with a topic that has no valid device id.")
        self.dropped = counter(
            "qos0_dropped", "Messages with QoS 0 that were dropped because too many waited for the store."
        )
        self.accepted = counter("readings_stored", "Readings newly stored.")
        self.duplicates = counter("readings_repeated", "Readings that were in the store already.")
        self.rejected = counter("rejected", "Payloads set aside as dead letters.", "reason")
        self.batch = histogram("batch_messages", "Messages in a commit.", _SIZES)
        self.commit = histogram("commit_seconds", "Time of a commit.", _LATENCIES)
        self.received_to_committed = histogram(
            "received_to_committed_seconds",
            "Time from the arrival of the oldest message of a batch to its commit.",
            _LATENCIES,
        )
        self.store_failures = counter("store_failures", "Attempts to commit that failed and were repeated.")
        self.published = counter("readings_published", "Readings published on cloud/sensors.")
        self.unpublished = counter("readings_unpublished", "Stored readings not published on cloud/sensors.", "reason")
        self.unsent = gauge(
            "readings_unsent",
            "Stored readings that are not published on cloud/sensors yet; NaN unless this replica is the ingester.",
        )
        self.unsent.set(math.nan)
        self.alerts = counter("alerts_sent", "Alerts sent.", "state")
        self.acks_stored = counter("command_acks_stored", "Command acknowledgements that no gateway had stored.")
        self.dropped_acks = counter(
            "command_acks_dropped", "Command acknowledgements that were dropped, by reason.", "reason"
        )
        self.cloud_commands = counter(
            "cloud_commands", "Commands of the cloud, by result (Acked, Failed, Expired, Refused, malformed).", "result"
        )
        self.queue_lag = gauge(
            "queue_lag_seconds", "Time that messages wait in the broker's queue, in seconds; NaN while unknown."
        )
        self._sinks = (
            gauge("sink_connected", "1 if the last attempt to reach the destination succeeded, by sink.", "sink"),
            gauge("sink_pending_readings", "Stored readings that are not delivered yet, by sink.", "sink"),
            gauge(
                "sink_oldest_pending_seconds",
                "Time since the site received the oldest pending reading, by sink.",
                "sink",
            ),
            counter("sink_delivered", "Readings that the destination confirmed, by sink.", "sink"),
            counter("sink_rejected", "Readings and alerts that the destination rejected, by sink.", "sink"),
            counter("sink_alerts_delivered", "Alerts that the destination confirmed, by sink.", "sink"),
        )

    def sink(self, name: str) -> SinkMetrics:
        """Return the metrics of the sink `name`."""
        connected, pending, oldest, delivered, rejected, alerts = self._sinks
        return SinkMetrics(
            connected.labels(name),
            pending.labels(name),
            oldest.labels(name),
            delivered.labels(name),
            rejected.labels(name),
            alerts.labels(name),
        )
