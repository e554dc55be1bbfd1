"""A metrics registry with the metrics that every program has."""

from prometheus_client import CollectorRegistry, Counter, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from edge_service.program import release


class _Release(Collector):
    """`edge_build_info`: which program of which release this is."""

    def __init__(self, program: str) -> None:
        self._program = program

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the metric."""
        info = GaugeMetricFamily("edge_build_info", "Program and release.", labels=("program", "version"))
        info.add_metric((self._program, release()), 1)
        return [info]


class HttpEnds:
    """Counts the HTTP connections that a server ends before the client does.

    Args:
        registry: for the metric.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ends = Counter(
            "edge_http_connections_ended_total",
            "HTTP connections that the server ended, by reason: head, body (not sent in time), read (response not read"
            " in time), displaced (by a newer one), refused (too many).",
            ("reason",),
            registry=registry,
        )

    def __call__(self, reason: str) -> None:
        """Count a connection."""
        self._ends.labels(reason).inc()


def registry(program: str) -> CollectorRegistry:
    """Return a new registry for `program` (such as `edge-processor`), with process, memory and release in it."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    GCCollector(registry=made)
    made.register(_Release(program))
    return made
