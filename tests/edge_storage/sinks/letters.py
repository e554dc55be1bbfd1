"""Dead letters for tests."""

import datetime as dt

from edge_wire.store import SinkDeadLetter

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


def letter(offset: int | None, payload: bytes = b"{}") -> SinkDeadLetter:
    return SinkDeadLetter(offset, "pump-1", NOON, "rejected", "no such tag", payload)
