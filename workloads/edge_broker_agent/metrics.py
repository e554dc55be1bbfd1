"""Metrics of the agent."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AgentMetrics:
    """The metrics of the agent.

    Attributes:
        logins: logins in the latest password file.
        reloads: reloads of Mosquitto by result: `done`, `unconfirmed` or `ended` (Mosquitto did).
        reload_seconds: duration of the last one, during which the broker served no client.
        reloaded_at: Unix time of the last one that was confirmed.
        rejected: contents of Secrets that were rejected, by reason.
        watch_restarts: restarts of watches, by cause.
        write_errors: failed writes of files.
        log_rotations: rotations of Mosquitto's log.
        broker_starts: observed starts of Mosquitto.
        database_damaged: damaged databases of Mosquitto that were found.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.logins = Gauge("edge_broker_logins", "Logins that Mosquitto has loaded.", registry=registry)
        self.reloads = Counter(
            "edge_broker_reloads", "Reloads of Mosquitto, by result.", ("result",), registry=registry
        )
        self.reload_seconds = Gauge(
            "edge_broker_reload_seconds", "Duration of Mosquitto's last reload, in seconds.", registry=registry
        )
        self.reloaded_at = Gauge(
            "edge_broker_reload_timestamp_seconds",
            "Time of Mosquitto's last confirmed reload, in seconds since 1970.",
            registry=registry,
        )
        self.rejected = Counter(
            "edge_broker_rejected_contents", "Secret contents rejected, by reason.", ("reason",), registry=registry
        )
        self.watch_restarts = Counter(
            "edge_broker_watch_restarts", "Restarts of Secret watches, by cause.", ("cause",), registry=registry
        )
        self.write_errors = Counter(
            "edge_broker_write_errors", "Failed writes of Mosquitto's files.", registry=registry
        )
        self.log_rotations = Counter("edge_broker_log_rotations", "Rotations of Mosquitto's log.", registry=registry)
        self.broker_starts = Counter("edge_broker_starts", "Starts of Mosquitto observed.", registry=registry)
        self.database_damaged = Counter(
            "edge_broker_database_damaged", "Damaged databases of Mosquitto that were found.", registry=registry
        )
