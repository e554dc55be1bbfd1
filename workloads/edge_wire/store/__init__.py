"""The interface of a site's store (`/v1/…`): requests, answers and errors, used by the store and by its client."""

from edge_wire.store.command_state import FINAL_STATES, OPEN_STATES, CommandState
from edge_wire.store.errors import FencedError, LeaseHeldError, StoreError, StoreUnavailableError
from edge_wire.store.ingest import IngestRequest, IngestResult, MessageResult, RawMessage, Rejection, encode_result
from edge_wire.store.records import Lease, OutboxAlert, Page

__all__ = [
    "FINAL_STATES",
    "OPEN_STATES",
    "CommandState",
    "FencedError",
    "IngestRequest",
    "IngestResult",
    "Lease",
    "LeaseHeldError",
    "MessageResult",
    "OutboxAlert",
    "Page",
    "RawMessage",
    "Rejection",
    "StoreError",
    "StoreUnavailableError",
    "encode_result",
]
