"""How a delivery can fail."""

from edge_service.mqtt import NotConnectedError, PublishRefusedError
from edge_service.store import StoreRefusedError
from edge_wire.store import StoreUnavailableError

# A store that refuses a sink's request has another release, or is another server: no message is at fault.
RETRY = (NotConnectedError, StoreUnavailableError, StoreRefusedError)
"""Errors after which a sink tries again."""

REFUSED = (PublishRefusedError,)
"""Errors by which a destination rejects one message: it would reject it again."""
