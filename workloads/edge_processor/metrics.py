"""Metrics of the processor."""

import math

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCIES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


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
        cloud_commands: commands of the cloud, by result.
        queue_lag: seconds that messages wait in the broker's queue; NaN while unknown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"edge_processor_{name}", about, labels, registry=registry)

        def gauge(name: str, about: str) -> Gauge:
            return Gauge(f"edge_processor_{name}", about, registry=registry)

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
        self.cloud_commands = counter(
            "cloud_commands", "Commands of the cloud, by result (Acked, Failed, Expired, Refused, malformed).", "result"
        )
        self.queue_lag = gauge(
            "queue_lag_seconds", "Time that messages wait in the broker's queue, in seconds; NaN while unknown."
        )
