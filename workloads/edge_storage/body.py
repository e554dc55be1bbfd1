"""Bodies of requests, within what the store's memory can hold."""

import contextlib
from collections.abc import Iterator

from fastapi import Request

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Largest request: in the worst case 50,000 of the smallest readings, which take a second and 50 MB."""

MAX_WAITING_BYTES = 8 * 1024 * 1024
"""What may wait for the writer at a time."""


class TooLargeError(Exception):
    """The body is larger than any that is taken; the message says how large it may be."""


class BusyError(Exception):
    """Too much waits for the writer already: try again."""


async def read_body(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the body of `request`.

    Raises:
        TooLargeError: It has more than `limit` bytes.
    """
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said) > limit:
        raise TooLargeError(f"the request has {said} bytes: send at most {limit} at a time")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLargeError(f"the request has more than {limit} bytes: send at most that many at a time")
    return bytes(body)


class Waiting:
    """How many bytes wait for the writer."""

    def __init__(self, limit: int = MAX_WAITING_BYTES) -> None:
        self._limit = limit
        self._bytes = 0

    @contextlib.contextmanager
    def room_for(self, size: int) -> Iterator[None]:
        """Count `size` bytes as waiting while the block runs.

        Raises:
            BusyError: Too much waits already.
        """
        if self._bytes + size > self._limit:
            raise BusyError(f"{self._bytes} bytes already wait to be stored: retry in a second")
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size
