"""A metrics registry with the metrics that every program has."""

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
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


def registry(program: str) -> CollectorRegistry:
    """Return a new registry for `program` (such as `edge-processor`), with process, memory and release in it."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    GCCollector(registry=made)
    made.register(_Release(program))
    return made
