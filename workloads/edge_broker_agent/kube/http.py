"""GET over HTTP/1.1 with a streamed answer: all that a watch needs."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from edge_broker_agent.kube.account import Account

CONNECT_SECONDS = 5.0
PART_BYTES = 64 * 1024
MAX_HEADERS = 100


class AnswerError(Exception):
    """The server's answer is not valid HTTP, or ends too early."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer.

    Attributes:
        status: its status code.
        headers: by name in lower case.
    """

    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer while it is received.

    Attributes:
        status: its status code.
        body: its content, part by part.
    """

    status: int
    body: AsyncIterator[bytes]


@contextlib.asynccontextmanager
async def get(account: Account, path: str, silence: float) -> AsyncIterator[Answer]:
    """Send GET for `path`; the connection is closed with the context.

    Args:
        account: service account and API server.
        path: path and query.
        silence: seconds without data after which the request fails.

    Raises:
        OSError: the server cannot be reached, its certificate is not trusted, or it was silent too long (TimeoutError).
        AnswerError: the answer is not HTTP.
    """
    head = "".join(f"{name}: {value}\r\n" for name, value in account.headers().items())
    request = f"GET {path} HTTP/1.1\r\n{head}Accept: application/json\r\nConnection: close\r\n\r\n"
    async with asyncio.timeout(CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(account.host, account.port, ssl=account.trust())
    try:
        writer.write(request.encode())
        async with asyncio.timeout(silence):
            answer = await read_head(reader)
        yield Answer(answer.status, read_body(reader, answer.headers, silence))
    finally:
        # A watch has no end to wait for.
        writer.transport.abort()


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Return status and headers.

    Raises:
        AnswerError: the answer has no valid head.
    """
    version, _, rest = (await _line(reader)).partition(" ")
    status = rest.partition(" ")[0]
    if not version.startswith("HTTP/1.") or not (status.isascii() and status.isdigit()):
        raise AnswerError("the response is not HTTP/1.1")
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = await _line(reader)
        if not line:
            return Head(int(status), headers)
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise AnswerError(f"the answer has more than {MAX_HEADERS} headers")


async def read_body(reader: asyncio.StreamReader, headers: Mapping[str, str], silence: float) -> AsyncIterator[bytes]:
    """Yield the content as it arrives: chunked, of a known length, or until the connection ends.

    Raises:
        AnswerError: it ends too early, or a chunk is malformed.
        TimeoutError: no data arrived for `silence` seconds.
    """
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := _number((await _timely_line(reader, silence)).partition(";")[0].strip(), 16):
            async for part in _exactly(reader, size, silence):
                yield part
            if await _timely_line(reader, silence):
                raise AnswerError("a chunk is longer than its stated length")
    elif "content-length" in headers:
        async for part in _exactly(reader, _number(headers["content-length"], 10), silence):
            yield part
    else:
        while part := await _read(reader, PART_BYTES, silence):
            yield part


async def _exactly(reader: asyncio.StreamReader, size: int, silence: float) -> AsyncIterator[bytes]:
    while size:
        part = await _read(reader, min(size, PART_BYTES), silence)
        if not part:
            raise AnswerError("the answer ends too early")
        size -= len(part)
        yield part


async def _read(reader: asyncio.StreamReader, size: int, silence: float) -> bytes:
    async with asyncio.timeout(silence):
        return await reader.read(size)


async def _timely_line(reader: asyncio.StreamReader, silence: float) -> str:
    async with asyncio.timeout(silence):
        return await _line(reader)


async def _line(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\n")).decode("latin-1").rstrip("\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise AnswerError("the answer ends too early, or has a line without an end") from error


def _number(text: str, base: int) -> int:
    if not re.fullmatch("[0-9a-fA-F]{1,15}", text):
        raise AnswerError(f"the answer has a length that is not a number: {text[:20]!r}")
    try:
        return int(text, base)
    except ValueError as error:
        raise AnswerError(f"the answer has a length that is not a number: {text!r}") from error
