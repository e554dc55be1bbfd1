"""Bodies of requests, within the limits of the store's memory."""

import contextlib
from collections.abc import Iterator

from starlette.requests import Request

from edge_service import request_body

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Largest request: in the worst case 50,000 of the smallest readings, which take a second and 50 MB."""

MAX_WAITING_BYTES = 8 * 1024 * 1024
"""Bytes of requests that may wait for the writer at a time."""


class BusyError(Exception):
    """Too many bytes wait for the writer already: try again."""


async def read_body(request: Request) -> bytes:
    """Return the body of `request`.

    Raises:
        BodyTooLargeError: it has more than `MAX_BODY_BYTES`.
    """
    return await request_body.read_body(request, MAX_BODY_BYTES)


class Backpressure:
    """Limits the bytes of requests that wait for the writer.

    Args:
        limit: bytes that may wait at a time.
    """

    def __init__(self, limit: int = MAX_WAITING_BYTES) -> None:
        self._limit = limit
        self._bytes = 0

    @contextlib.contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Count `size` bytes as waiting while the block runs.

        Raises:
            BusyError: too many bytes wait already.
        """
        if self._bytes + size > self._limit:
            raise BusyError(f"{self._bytes} bytes already wait to be stored: retry in a second")
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size
