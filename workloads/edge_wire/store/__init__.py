"""The interface of a site's store (`/v1/…`): requests, answers and errors, used by the store and by its client."""

from edge_wire.store.command_state import FINAL_STATES, OPEN_STATES, CommandState, StoredAcks
from edge_wire.store.cursor import CLOUD_SENSORS, Cursor
from edge_wire.store.errors import FencedError, LeaseHeldError, StoreError, StoreUnavailableError
from edge_wire.store.ingest import IngestRequest, IngestResult, MessageResult, RawMessage, Rejection, encode_result
from edge_wire.store.records import Lease, LogPage, OutboxAlert, Page, RangePage
from edge_wire.store.sink_dead_letters import DeadLetterCounts, DeclaredSinks, SinkDeadLetter, SinkResend

__all__ = [
    "CLOUD_SENSORS",
    "FINAL_STATES",
    "OPEN_STATES",
    "CommandState",
    "Cursor",
    "DeadLetterCounts",
    "DeclaredSinks",
    "FencedError",
    "IngestRequest",
    "IngestResult",
    "Lease",
    "LeaseHeldError",
    "LogPage",
    "MessageResult",
    "OutboxAlert",
    "Page",
    "RangePage",
    "RawMessage",
    "Rejection",
    "SinkDeadLetter",
    "SinkResend",
    "StoreError",
    "StoreUnavailableError",
    "StoredAcks",
    "encode_result",
]
