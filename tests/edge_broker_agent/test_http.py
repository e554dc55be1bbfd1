"""Answers over HTTP/1.1, however they are cut into pieces."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_broker_agent.kube.http import AnswerError, read_body, read_head


def received(pieces: Iterable[bytes]) -> asyncio.StreamReader:
    """Return a stream that has these pieces and then ends."""
    reader = asyncio.StreamReader()
    for piece in pieces:
        reader.feed_data(piece)
    reader.feed_eof()
    return reader


async def whole(pieces: Iterable[bytes]) -> tuple[int, bytes]:
    """Return status and content of the answer in these pieces."""
    reader = received(pieces)
    head = await read_head(reader)
    return head.status, b"".join([part async for part in read_body(reader, head.headers, 5)])


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8))
@settings(max_examples=50)
async def test_chunks_are_joined(chunks: list[bytes]) -> None:
    body = b"".join(f"{len(chunk):x};x=y\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    assert await whole([head, body, b"0\r\n\r\n"]) == (200, b"".join(chunks))


async def test_a_known_length_is_read_and_no_more() -> None:
    assert await whole([b"HTTP/1.1 403 Forbidden\r\ncontent-LENGTH: 3\r\n\r\nabcdef"]) == (403, b"abc")


async def test_without_a_length_it_ends_with_the_connection() -> None:
    assert await whole([b"HTTP/1.0 200 OK\r\n\r\nabc", b"def"]) == (200, b"abcdef")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\r\n", id="headers without an end"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", id="too many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="no length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: ff\r\n\r\n", id="a length in hex"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", id="too short"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc", id="a chunk of no size"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", id="a longer chunk"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", id="no last chunk"),
    ],
)
async def test_what_is_no_whole_answer_is_an_error(answer: bytes) -> None:
    with pytest.raises(AnswerError):
        await whole([answer])


@given(st.binary(max_size=200))
@settings(max_examples=100)
async def test_no_bytes_make_it_fail_otherwise(answer: bytes) -> None:
    for head in (b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        with suppress(AnswerError):
            await whole([head, answer])


async def test_silence_is_noticed() -> None:
    reader = asyncio.StreamReader()
    with pytest.raises(TimeoutError):
        async for _ in read_body(reader, {"transfer-encoding": "chunked"}, 0.05):
            pass
