"""Metrics of the gateway, in Prometheus' format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histogram's buckets, in seconds."""

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 500)
"""Upper bounds of the histogram's buckets, in messages."""


class Metrics:
    """Every metric of one gateway beside those of the pass-through.

    Args:
        registry: where they show.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "edge_gateway_requests_total",
            "HTTP requests by route, method and code.",
            ("route", "method", "code"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "edge_gateway_request_seconds",
            "Duration of HTTP requests; including those that wait for a command.",
            ("route", "method"),
            buckets=DURATIONS,
            registry=registry,
        )
        self.devices = Gauge(
            "edge_gateway_devices",
            "Devices by status (online, offline, unknown).",
            ("status",),
            registry=registry,
        )
        self.phases = Gauge(
            "edge_gateway_devices_phase",
            "Devices by phase, as in `kubectl get edgedevices.edge-stack.io`, as decided by this replica.",
            ("phase",),
            registry=registry,
        )
        self.transitions = Counter(
            "edge_gateway_device_transitions_total",
            "Phase changes of devices as decided by this replica, by reason.",
            ("reason",),
            registry=registry,
        )
        self.commands = Counter(
            "edge_gateway_commands_total",
            "State changes of commands at this replica, by actor (api-token, cloud) and state; Refused if not sent.",
            ("actor", "state"),
            registry=registry,
        )
        self.waiting = Gauge(
            "edge_gateway_waiting_requests",
            "Requests that wait for a command or its acknowledgement.",
            registry=registry,
        )
        self.readings = Counter(
            "edge_gateway_readings_total",
            "Readings over HTTP by result (accepted, duplicate, rejected).",
            ("result",),
            registry=registry,
        )
        self.batch = Histogram(
            "edge_gateway_batch_messages",
            "Messages in a request to the store.",
            buckets=BATCHES,
            registry=registry,
        )
        self.logins = Counter(
            "edge_gateway_logins_total",
            "Credential checks, by kind (token, cloud, device) and result (right, wrong, limited, unchecked).",
            ("kind", "result"),
            registry=registry,
        )
        self.dropped = Counter(
            "edge_gateway_mqtt_messages_dropped_total",
            "Messages from the broker that were dropped, by reason.",
            ("reason",),
            registry=registry,
        )
        self.connected = Gauge("edge_gateway_broker_connected", "1 while connected to the broker.", registry=registry)
