"""What the destination does with each answer of a server."""

import asyncio
import datetime as dt
import gzip
import hashlib
import socket
from email.utils import format_datetime

import orjson
import pytest

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError, Outcome
from edge_wire.store import OutboxAlert
from tests.edge_processor.sinks.cloud.conftest import LOG_ID, Running
from tests.edge_processor.sinks.cloud.readings import alerts, entries
from tests.edge_processor.sinks.cloud.scripted import SECONDS, Exchange, Script, eventually, scripted
from tests.support.child import HOST
from tests.support.cloud import TOKEN, Authority


async def within(future: "asyncio.Future[Outcome]") -> Outcome:
    async with asyncio.timeout(SECONDS):
        return await future


def first_then_accept(first: Script) -> Script:
    """Return a script for the first request; all others are accepted."""
    used: list[bool] = []

    async def script(exchange: Exchange) -> None:
        if used:
            await exchange.answer()
        else:
            used.append(True)
            await first(exchange)

    return script


def answering(status: int, body: bytes = b"", **headers: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(status, body, **headers)

    return script


def raw(data: bytes) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.read()
        exchange.writer.write(data)
        await exchange.writer.drain()
        exchange.writer.close()

    return script


async def reset(exchange: Exchange) -> None:
    await exchange.read(exchange.size // 2)
    exchange.reset()


async def no_answer(exchange: Exchange) -> None:
    await exchange.read()
    await asyncio.Event().wait()


async def no_end(exchange: Exchange) -> None:
    await exchange.read()
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await asyncio.Event().wait()


JSON = {"Content_Type": "application/json"}

NOT_DELIVERED = {
    "fewer accepted than sent": answering(200, b'{"accepted": 9}', **JSON),
    "accepted is not a number": answering(200, b'{"accepted": null}', **JSON),
    "accepted is true": answering(200, b'{"accepted": true}', **JSON),
    "incomplete JSON": answering(200, b'{"accepted": 10', **JSON),
    "a redirect": answering(307, b"", Location="/elsewhere"),
    "not authorized": answering(401),
    "forbidden": answering(403),
    "not found": answering(404),
    "a conflict": answering(409),
    "a fault": answering(500),
    "a bad gateway": answering(502, b"<html>"),
    "a reset in the middle": reset,
    "no answer": no_answer,
    "half an answer": no_end,
    "half an answer and the end": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"accepted":10'),
    "garbage": raw(b"\x00\xff garbage \r\n\r\n"),
    "the end without an answer": raw(b""),
    "an endless header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
}


@pytest.mark.parametrize("script", NOT_DELIVERED.values(), ids=NOT_DELIVERED.keys())
async def test_it_is_sent_again(script: Script, authority: Authority, running: Running) -> None:
    async with (
        scripted(authority, first_then_accept(script)) as server,
        running(server.url, answer_seconds=0.5) as cloud,
    ):
        assert await within(cloud.sender("live").send(entries(10))) == Outcome()
        assert server.requests[-1].offsets == [*range(1, 11)]
        assert [each.head for each in server.requests] == ["POST /edge/readings HTTP/1.1"] * 2


DELIVERED = {
    "no body": answering(200),
    "no content": answering(204),
    "accepted": answering(202, b'{"accepted": 10, "more": 1}', **JSON),
    "another text": answering(200, b"{thanks"),
    "JSON without accepted": answering(200, b"[]", **JSON),
}


@pytest.mark.parametrize("script", DELIVERED.values(), ids=DELIVERED.keys())
async def test_it_is_delivered(script: Script, authority: Authority, running: Running) -> None:
    async with scripted(authority, script) as server, running(server.url) as cloud:
        assert await within(cloud.sender("live").send(entries(10))) == Outcome()
        assert len(server.requests) == 1
        assert cloud.connected.is_set()
        assert cloud.last_error == ""


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
async def test_an_answer_to_half_a_body_is_not_believed(
    connection: str, authority: Authority, running: Running
) -> None:
    listener = socket.create_server((HOST, 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    end = asyncio.Event()

    async def half(exchange: Exchange) -> None:
        await exchange.read(exchange.size // 4)
        await exchange.say(200, b'{"accepted": 1}', Connection=connection)
        await end.wait()

    large = [(1, b'{"device_id":"x","text":"' + random_text(900_000) + b'","offset":1}')]
    async with scripted(authority, first_then_accept(half), listener) as server, running(server.url) as cloud:
        assert await within(cloud.sender("live").send(large)) == Outcome()
        assert len(server.requests) == 2
        assert server.requests[1].offsets == [1]
        assert server.requests[1].at - server.requests[0].at < 4, "it does not wait for the rest of the first request"
        end.set()


def random_text(size: int) -> bytes:
    """Return text that gzip cannot make much smaller."""
    return b"".join(b"%016x" % (n * 0x9E3779B97F4A7C15 % 2**64) for n in range(size // 16))


def retry_after(seconds: int, *, is_date: bool) -> Script:
    now = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)  # the server's clock is wrong
    until = format_datetime(now + dt.timedelta(seconds=seconds), usegmt=True)
    headers = {"Retry_After": until, "Date": format_datetime(now, usegmt=True)} if is_date else {}
    return answering(429, b"slow down", **{"Retry_After": str(seconds), **headers})


@pytest.mark.parametrize("is_date", [False, True], ids=["seconds", "date"])
async def test_a_pause_that_the_server_asks_for(is_date: bool, authority: Authority, running: Running) -> None:  # noqa: FBT001
    async with (
        scripted(authority, first_then_accept(retry_after(2, is_date=is_date))) as server,
        running(server.url) as cloud,
    ):
        live = cloud.sender("live").send(entries(10))
        await server.await_requests(1)
        old = cloud.sender("backlog").send(entries(10, 100))
        assert [await within(live), await within(old)] == [Outcome(), Outcome()]
        pauses = [each.at - server.requests[0].at for each in server.requests[1:]]
        assert len(pauses) == 2
        assert 2.0 <= min(pauses) < 3.0


async def test_a_storm_of_429_loses_nothing(authority: Authority, running: Running) -> None:
    left = [20]

    async def storm(exchange: Exchange) -> None:
        left[0] -= 1
        await (exchange.answer(429, Retry_After="0") if left[0] > 0 else exchange.answer())

    async with scripted(authority, storm) as server, running(server.url) as cloud:
        sent = [cloud.sender("live").send(entries(10, first)) for first in (1, 11, 21)]
        assert [await within(each) for each in sent] == [Outcome()] * 3
        last = [each.offsets[0] for each in server.requests[-3:]]
        assert last == [1, 11, 21]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_poison_is_found_by_halves_and_order_is_kept(status: int, authority: Authority, running: Running) -> None:
    poison, taken = {37, 38, 99}, list[int]()

    async def script(exchange: Exchange) -> None:
        await exchange.read()
        if poison.intersection(exchange.offsets):
            await exchange.answer(status, b"not a good reading")
        else:
            taken.extend(exchange.offsets)
            await exchange.answer()

    async with scripted(authority, script) as server, running(server.url) as cloud:
        outcome = await within(cloud.sender("live").send(entries(100)))
        reason = f"{status} Said (not a good reading)"
        assert outcome.refused == tuple((offset - 1, reason) for offset in sorted(poison))
        assert taken == [each for each in range(1, 101) if each not in poison]
        first, last = server.requests[-1].offsets[0], server.requests[-1].offsets[-1]
        digest = hashlib.sha256(gzip.decompress(server.requests[-1].body)).hexdigest()[:16]
        assert server.requests[-1].headers["idempotency-key"] == f"plant/berlin/{LOG_ID}/{first}-{last}/{digest}"


async def test_smaller_requests_after_a_server_finds_them_too_large(authority: Authority, running: Running) -> None:
    async def script(exchange: Exchange) -> None:
        await (exchange.answer(413) if int(exchange.headers["edge-lines"]) > 30 else exchange.answer())

    async with scripted(authority, script) as server, running(server.url) as cloud:
        for first in (1, 101, 201):
            assert await within(cloud.sender("backlog").send(entries(100, first))) == Outcome()
        sizes = [int(each.headers["edge-lines"]) for each in server.requests]
        assert [size for size in sizes[-8:] if size > 30] == []
        assert len([size for size in sizes if size > 30]) <= 3


@pytest.mark.parametrize(
    ("body", "is_listed"),
    [
        pytest.param(b'{"rejected":[{"line":3,"reason":"too old"},{"line":0}]}', True, id="a list"),
        pytest.param(b'{"rejected":[{"line":10}]}', False, id="a line that was not sent"),
        pytest.param(b'{"rejected":[{"line":true}]}', False, id="no number"),
        pytest.param(b'{"rejected":[]}', False, id="an empty list"),
        pytest.param(b'{"rejected":{"line":1}}', False, id="no list"),
        pytest.param(b"[1]", False, id="no object"),
    ],
)
async def test_rejected_lines(body: bytes, is_listed: bool, authority: Authority, running: Running) -> None:  # noqa: FBT001
    async with scripted(authority, first_then_accept(answering(422, body))) as server, running(server.url) as cloud:
        outcome = await within(cloud.sender("live").send(entries(10)))
        assert outcome.refused == (((0, "rejected"), (3, "too old")) if is_listed else ())
        assert len(server.requests) == (1 if is_listed else 3)


async def test_other_lines_with_the_same_ids_have_another_key(authority: Authority, running: Running) -> None:
    async with scripted(authority) as server, running(server.url) as cloud:
        five, nine = entries(1, 5)[0], entries(1, 9)[0]
        for batch in (entries(5, 5), [five, nine], [five, nine]):
            await within(cloud.sender("live").send(batch))
        for text in ("a", "b"):
            await cloud.send_alerts([OutboxAlert(0, {"alert_id": text})])
        whole, part, again, *resent = [each.headers["idempotency-key"] for each in server.requests]
        assert whole != part == again
        assert resent[0] != resent[1]


async def test_a_list_in_an_answer_to_half_a_body_is_not_believed(authority: Authority, running: Running) -> None:
    listener = socket.create_server((HOST, 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    end = asyncio.Event()

    async def half(exchange: Exchange) -> None:
        await exchange.read(exchange.size // 4)
        await exchange.say(422, b'{"rejected": [{"line": 0}]}')
        await end.wait()

    large = [(n, b'{"text":"' + random_text(450_000) + b'","offset":%d}' % n) for n in (1, 2)]
    async with scripted(authority, first_then_accept(half), listener) as server, running(server.url) as cloud:
        assert await within(cloud.sender("live").send(large)) == Outcome()
        assert server.requests[1].offsets == [1, 2]
        end.set()


async def test_the_token_is_in_no_message(authority: Authority, running: Running) -> None:
    async def echo(exchange: Exchange) -> None:
        await exchange.answer(401, f"unknown token: {exchange.headers['authorization']}".encode())

    async with scripted(authority, echo) as server, running(server.url) as cloud:
        server.probe_script = echo
        cloud.sender("live").send(entries(1))
        await server.await_requests(1)
        await eventually(lambda: bool(cloud.last_error))
        assert "401" in cloud.last_error
        assert "check the Secret with its credentials" in cloud.last_error
        assert TOKEN not in cloud.last_error
        with pytest.raises(DeliveryError) as raised:
            await cloud.send_alerts(alerts(1))
        assert TOKEN not in str(raised.value)


async def test_rejected_alerts_are_named(authority: Authority, running: Running) -> None:
    body = orjson.dumps({"rejected": [{"line": 1, "reason": "unknown rule"}]})
    async with scripted(authority, answering(422, body)) as server, running(server.url) as cloud:
        with pytest.raises(AlertsRefusedError) as raised:
            await cloud.send_alerts(alerts(3, first=7))
        assert raised.value.refused == ((1, "unknown rule"),)
        (request,) = server.requests
        assert request.head == "POST /edge/alerts HTTP/1.1"
        digest = hashlib.sha256(gzip.decompress(request.body)).hexdigest()[:16]
        assert request.headers["idempotency-key"] == f"plant/berlin/{LOG_ID}/alerts/7-9/{digest}"
        assert [each["alert_id"] for each in request.lines] == ["alert-7", "alert-8", "alert-9"]


async def test_alerts_report_the_pause_of_the_server(authority: Authority, running: Running) -> None:
    async with scripted(authority, answering(503, b"", Retry_After="60")) as server, running(server.url) as cloud:
        await cloud.connected.wait()
        with pytest.raises(DeliveryError) as raised:
            await cloud.send_alerts(alerts(1))
        assert raised.value.retry_after_seconds == 60
        assert len(server.requests) == 1
