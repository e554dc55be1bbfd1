"""The ingester's session with the broker: messages in batches, one write for all that a turn sends."""

from edge_processor.session.receiver import Acknowledging, Receiver
from edge_processor.session.session import IngestSession

__all__ = ["Acknowledging", "IngestSession", "Receiver"]
