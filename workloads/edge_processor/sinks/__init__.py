"""The sinks of the ingester: where stored readings, and the alerts about them, are delivered."""

from edge_processor.sinks.registry import build_sinks
from edge_processor.sinks.sink import Sink

__all__ = ["Sink", "build_sinks"]
