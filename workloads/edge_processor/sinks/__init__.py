"""The sinks of the ingester: where stored readings, and the alerts about them, are delivered."""

from edge_processor.sinks.registry import Sinks, build_sinks
from edge_processor.sinks.sink import Sink

__all__ = ["Sink", "Sinks", "build_sinks"]
