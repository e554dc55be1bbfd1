"""The client of the site's store."""

from edge_service.store.client import StoreClient
from edge_service.store.errors import FencedError, LeaseHeldError, StoreError, StoreRefusedError, StoreUnavailableError
from edge_service.store.records import Lease, MessageResult, OutboxAlert, Page, RawMessage, Rejection, Stored

__all__ = [
    "FencedError",
    "Lease",
    "LeaseHeldError",
    "MessageResult",
    "OutboxAlert",
    "Page",
    "RawMessage",
    "Rejection",
    "StoreClient",
    "StoreError",
    "StoreRefusedError",
    "StoreUnavailableError",
    "Stored",
]
