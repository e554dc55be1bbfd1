"""Metrics of the connections that are passed through."""

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge


class PassthroughCounts:
    """Counts connections by listener.

    Args:
        registry: for the metrics.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open: Tally[str] = Tally()
        self._gauge = Gauge(
            "edge_gateway_passthrough_connections",
            "Open MQTT connections of devices.",
            ("listener",),
            registry=registry,
        )
        self._accepted = Counter(
            "edge_gateway_passthrough_accepted_total",
            "MQTT connections of devices that were accepted.",
            ("listener",),
            registry=registry,
        )
        self._refused = Counter(
            "edge_gateway_passthrough_refused_total",
            "MQTT connections closed because of the limit, or because the broker could not be reached.",
            ("listener", "cause"),
            registry=registry,
        )

    def open(self, listener: str) -> int:
        """Return the number of open connections."""
        return self._open[listener]

    def opened(self, listener: str) -> None:
        """Count an opened connection."""
        self._open[listener] += 1
        self._accepted.labels(listener).inc()
        self._gauge.labels(listener).set(self._open[listener])

    def closed(self, listener: str) -> None:
        """Count a closed connection."""
        self._open[listener] -= 1
        self._gauge.labels(listener).set(self._open[listener])

    def refused(self, listener: str, cause: str) -> None:
        """Count a connection that was closed at once."""
        self._refused.labels(listener, cause).inc()
