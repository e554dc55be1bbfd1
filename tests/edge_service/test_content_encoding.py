"""Decompression within a limit."""

import contextlib
import gzip
import itertools
import tracemalloc
from collections.abc import AsyncIterator

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from edge_service.content_encoding import EncodingError, Gunzip, TooLargeError
from edge_service.problem import Explanations, Problem
from edge_service.request_body import BodyTooLargeError, read_body
from edge_service.route import route
from edge_service.server import HttpServer

HOST = "127.0.0.1"
LIMIT = 1000


def gunzip(raw: bytes, limit: int = LIMIT, cuts: tuple[int, ...] = ()) -> bytes:
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    given_ = Gunzip(limit)
    for begin, end in itertools.pairwise(places):
        given_.feed(raw[begin:end])
    return given_.finish()


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.lists(st.integers(0, 5000), max_size=5))
def test_any_members_in_any_pieces_are_what_was_compressed(contents: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(gzip.compress(content) for content in contents)
    whole = b"".join(contents)
    assert gunzip(raw, 2000, tuple(cuts)) == whole
    assert gunzip(raw, len(whole), tuple(cuts)) == whole
    if whole:
        with pytest.raises(TooLargeError):
            gunzip(raw, len(whole) - 1, tuple(cuts))


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_no_bytes_raise_anything_else(raw: bytes, cuts: list[int]) -> None:
    with contextlib.suppress(EncodingError, TooLargeError):
        assert len(gunzip(raw, LIMIT, tuple(cuts))) <= LIMIT


@pytest.mark.parametrize(
    "raw", [b"", b"{}", gzip.compress(b"{}")[:-1], gzip.compress(b"{}") + b"x", 200 * gzip.compress(b"")]
)
def test_what_is_not_gzip_is_named(raw: bytes) -> None:
    with pytest.raises(EncodingError, match="gzip"):
        gunzip(raw)


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    assert len(bomb) < 256 * 1024
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        gunzip(bomb, 256 * 1024)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


async def echo(request: Request) -> Response:
    return Response(await read_body(request, LIMIT))


@pytest.mark.parametrize(
    ("encoding", "body", "status", "content"),
    [
        ("gzip", gzip.compress(b"hello"), 200, b"hello"),
        ("X-GZIP", gzip.compress(b"hello"), 200, b"hello"),
        ("identity", b"hello", 200, b"hello"),
        ("gzip", gzip.compress(bytes(LIMIT)), 200, bytes(LIMIT)),
        ("gzip", gzip.compress(bytes(LIMIT + 1)), 413, None),
        ("gzip", b"hello", 400, None),
        ("gzip", gzip.compress(b"hello")[:-1], 400, None),
        ("br", b"hello", 415, None),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello")), 415, None),
    ],
)
async def test_a_request_with_a_content_encoding(
    encoding: str, body: bytes, status: int, content: bytes | None
) -> None:
    app = Starlette(routes=[route("POST", "/", echo)])
    Explanations({BodyTooLargeError: lambda _, error: Problem(413, "TooLarge", str(error))}).install(app)
    async with HttpServer(app, HOST, 0) as server, aiohttp.ClientSession() as session:
        for data in (body, _chunks(body)):
            headers = {"Content-Encoding": encoding}
            request = session.post(f"http://{HOST}:{server.port}/", data=data, headers=headers, compress=False)
            async with request as response:
                assert response.status == status
                assert response.headers.get("Accept-Encoding") == ("gzip" if status == 415 else None)
                if content is not None:
                    assert await response.read() == content


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), 7):
        yield body[begin : begin + 7]
