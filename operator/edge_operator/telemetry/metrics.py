"""Metrics of the operator, in Prometheus' format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histograms' buckets, in seconds."""


class Metrics:
    """Every metric of one operator process, in a registry of its own.

    Attributes:
        registry: what `/metrics` prints.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        ProcessCollector(registry=registry)
        self.reconciles = Counter(
            "edge_reconciles_total", "Reconciles by kind and result.", ("kind", "result"), registry=registry
        )
        self.reconcile_seconds = Histogram(
            "edge_reconcile_seconds", "Duration of a reconcile.", ("kind",), buckets=DURATIONS, registry=registry
        )
        self.queue_depth = Gauge(
            "edge_queue_depth", "Resources that wait to be reconciled.", ("kind",), registry=registry
        )
        self.api_calls = Counter(
            "edge_api_calls_total", "Calls of the API server by verb and code.", ("verb", "code"), registry=registry
        )
        self.api_seconds = Histogram(
            "edge_api_call_seconds", "Duration of a call.", ("verb",), buckets=DURATIONS, registry=registry
        )
        self.throttled_seconds = Counter(
            "edge_write_throttled_seconds_total", "Seconds that writes waited for their budget.", registry=registry
        )
        self.throttled = Counter(
            "edge_api_throttled_total", "Answers 429 (too many requests) of the API server.", registry=registry
        )
        self.gate_closed = Counter(
            "edge_write_refused_total",
            "Writes not sent because this process did not hold the lease.",
            registry=registry,
        )
        self.drift = Counter(
            "edge_drift_repaired_total",
            "Objects reapplied after they were edited or deleted.",
            ("kind",),
            registry=registry,
        )
        self.watch_restarts = Counter(
            "edge_watch_restarts_total", "Watch restarts, by kind and cause.", ("kind", "cause"), registry=registry
        )
        self.watch_age = Gauge(
            "edge_watch_age_seconds",
            "Seconds since a watch last received anything from the API server.",
            ("kind",),
            registry=registry,
        )
        self.loop_lag = Gauge(
            "edge_loop_lag_seconds", "Last measured lag of the event loop, in seconds.", registry=registry
        )
        self.leader = Gauge("edge_leader", "1 while this process holds the lease.", registry=registry)
        self.sites = Gauge("edge_sites", "EdgeSites known.", registry=registry)
        self.devices = Gauge("edge_devices", "EdgeDevices known.", registry=registry)
        self.children = Gauge("edge_children", "Child objects in the cache.", registry=registry)
        self.events_dropped = Counter(
            "edge_events_dropped_total", "Kubernetes Events that could not be written.", registry=registry
        )
        self.device_phases = Gauge(
            "edge_devices_phase", "EdgeDevices by phase, as decided now.", ("phase",), registry=registry
        )
        self.transitions = Counter(
            "edge_device_transitions_total",
            "Phase changes of devices, by reason.",
            ("reason",),
            registry=registry,
        )
        self.liveness_writes = Counter(
            "edge_liveness_writes_total", "Device status writes, by kind.", ("kind",), registry=registry
        )
        self.liveness_held_back = Gauge(
            "edge_liveness_suppressed",
            "Device status writes and Events that were skipped since the start: superseded transitions, and refreshes"
            " and Events beyond the budget.",
            ("kind",),
            registry=registry,
        )
        self.liveness_conflicts = Counter(
            "edge_liveness_conflicts_total",
            "Device status writes rejected because the device had changed meanwhile.",
            registry=registry,
        )
        self.liveness_queue = Gauge(
            "edge_liveness_queue", "Phase changes of devices that wait to be written.", registry=registry
        )
        self.broker_sessions = Gauge(
            "edge_broker_sessions", "Brokers of sites that the operator keeps a session with.", registry=registry
        )
        self.brokers_connected = Gauge(
            "edge_broker_sessions_connected", "Brokers of sites that the operator is connected to.", registry=registry
        )
        self.broker_messages = Counter(
            "edge_broker_messages_total",
            "MQTT messages received from the sites' brokers, by kind.",
            ("kind",),
            registry=registry,
        )
        self.broker_dropped = Counter(
            "edge_broker_messages_dropped_total",
            "Messages that a managed broker dropped because a queue was full.",
            ("namespace", "site"),
            registry=registry,
        )
        self.sink_connected = Gauge(
            "edge_operator_site_sink_connected",
            "1 while the processor of a site is connected to the sink.",
            ("namespace", "site", "sink"),
            registry=registry,
        )
        self.sink_pending = Gauge(
            "edge_operator_site_sink_pending",
            "Readings (of sinks for alerts only: alerts) that wait to be forwarded to the sink.",
            ("namespace", "site", "sink"),
            registry=registry,
        )
        self.certificate_expiry = Gauge(
            "edge_operator_site_certificate_expiry_timestamp_seconds",
            "Time at which a certificate that the spec of a site names expires, in seconds since 1970; of a bundle of"
            " authorities the last of them.",
            ("namespace", "site", "secret", "key"),
            registry=registry,
        )
        self.malformed = Counter(
            "edge_broker_malformed_total",
            "MQTT messages that could not be decoded, by reason.",
            ("reason",),
            registry=registry,
        )
        self.leftovers = Counter(
            "edge_broker_leftovers_cleared_total",
            "Retained statuses of unknown devices that were cleared.",
            registry=registry,
        )
        self.roster_sent = Counter(
            "edge_roster_sent_total",
            "Roster messages published to the gateways, by kind (entry, clear).",
            ("kind",),
            registry=registry,
        )
        self.roster_refused = Counter(
            "edge_roster_refused_total", "Roster messages rejected by the broker.", registry=registry
        )
