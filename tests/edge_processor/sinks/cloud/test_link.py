"""Outages: who tries, how soon, and what ends a pause."""

import asyncio
import itertools
import socket
from pathlib import Path

import pytest

from edge_processor.delivery.destination import DeliveryError, Outcome
from edge_processor.sinks.cloud.https.link import Link
from tests.edge_processor.sinks.cloud.conftest import Running
from tests.edge_processor.sinks.cloud.readings import alerts, entries
from tests.edge_processor.sinks.cloud.scripted import SECONDS, Exchange, eventually, scripted
from tests.edge_processor.sinks.cloud.secret import MountedSecret
from tests.edge_processor.sinks.cloud.test_answers import answering, no_answer, within
from tests.support.child import HOST
from tests.support.cloud import TOKEN, Authority

LINK_SECONDS = 5.0
"""Within this time a link that has returned carries readings."""


def unused_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


async def test_a_server_without_readings_is_connected_and_asked_again(authority: Authority, running: Running) -> None:
    async with scripted(authority) as server, running(server.url, sync_interval=1.0) as cloud:
        await eventually(cloud.connected.is_set)
        await eventually(lambda: len(server.probes) >= 2)
        probe = server.probes[0]
        assert probe.head == "POST /edge/readings HTTP/1.1"
        assert probe.lines == []
        assert "idempotency-key" not in probe.headers
        server.probe_script = answering(500)
        await eventually(lambda: not cloud.connected.is_set())


async def test_the_lanes_do_not_wait_for_each_other(authority: Authority, running: Running) -> None:
    end = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        if exchange.lane == "backlog":
            await end.wait()
        await exchange.answer()

    async with scripted(authority, script) as server, running(server.url) as cloud:
        await eventually(cloud.connected.is_set)
        old = cloud.sender("backlog").send(entries(10))
        await server.await_requests(1)
        for first in (100, 200):
            await within(cloud.sender("live").send(entries(10, first)))
        assert not old.done()
        end.set()
        assert await within(old) == Outcome()


async def test_a_lane_has_one_request_at_a_time(authority: Authority, running: Running) -> None:
    open_requests, most = 0, 0

    async def script(exchange: Exchange) -> None:
        nonlocal open_requests, most
        open_requests += 1
        most = max(most, open_requests)
        await asyncio.sleep(0.01)
        await exchange.answer()
        open_requests -= 1

    async with scripted(authority, script) as server, running(server.url) as cloud:
        sent = [cloud.sender("live").send(entries(5, first)) for first in range(1, 51, 5)]
        for each in sent:
            await within(each)
        assert most == 1
        assert [offset for each in server.requests for offset in each.offsets] == [*range(1, 51)]


async def test_during_an_outage_one_attempt_is_made_at_a_time(authority: Authority, running: Running) -> None:
    open_requests, most = 0, 0

    async def refuse(exchange: Exchange) -> None:
        nonlocal open_requests, most
        open_requests += 1
        most = max(most, open_requests)
        await exchange.read()
        await asyncio.sleep(0.05)
        open_requests -= 1
        await exchange.answer(500)

    async with scripted(authority, refuse) as server, running(server.url) as cloud:
        server.probe_script = refuse
        await eventually(lambda: bool(server.probes))
        live, old = (cloud.sender(lane).send(entries(10)) for lane in ("live", "backlog"))
        await server.await_requests(4)
        times = [each.at for each in server.requests]
        assert most == 1
        assert not cloud.connected.is_set()
        assert times[-1] - times[-2] > times[1] - times[0], "the pauses grow"
        assert not live.done()
        assert not old.done()


async def test_only_the_lane_that_is_rejected_waits(authority: Authority, running: Running) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(500 if exchange.lane == "backlog" else 200)

    async with scripted(authority, script) as server, running(server.url) as cloud:
        await within(cloud.sender("live").send(entries(10, 1)))
        cloud.sender("backlog").send(entries(10, 1000))
        changes = 0
        for first in itertools.count(11, 10):
            await within(cloud.sender("live").send(entries(10, first)))
            changes += not cloud.connected.is_set()
            if sum(each.lane == "backlog" for each in server.requests) == 3:
                break
        assert changes == 0
        assert "500" in cloud.last_error


async def test_alerts_that_are_rejected_do_not_disconnect_readings(authority: Authority, running: Running) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(404 if exchange.head.startswith("POST /edge/alerts") else 200)

    async with scripted(authority, script) as server, running(server.url) as cloud:
        for _ in range(2):  # the first time nobody else has succeeded lately
            with pytest.raises(DeliveryError):
                await cloud.send_alerts(alerts(1))
        await eventually(cloud.connected.is_set)
        with pytest.raises(DeliveryError) as raised:
            await cloud.send_alerts(alerts(1))
        assert raised.value.retry_after_seconds is not None
        assert cloud.connected.is_set()
        assert await within(cloud.sender("live").send(entries(1))) == Outcome()
        assert [each.head for each in server.requests].count("POST /edge/alerts HTTP/1.1") <= 3


async def test_a_server_that_takes_only_requests_without_lines_is_not_connected(
    authority: Authority, running: Running
) -> None:
    async with scripted(authority, answering(500)) as server, running(server.url, sync_interval=0.5) as cloud:
        await eventually(lambda: len(server.probes) >= 2)
        sent = cloud.sender("live").send(entries(1))
        await server.await_requests(2)
        was_set: list[bool] = []
        while len(server.requests) < 8:
            was_set.append(cloud.connected.is_set())
            await asyncio.sleep(0.01)
        assert not any(was_set)
        assert "500" in cloud.last_error
        server.script = answering(200)
        assert await within(sent) == Outcome()


async def test_a_lane_with_a_long_pause_does_not_prevent_others_from_connecting(
    authority: Authority, running: Running
) -> None:
    async def script(exchange: Exchange) -> None:
        is_live = exchange.lane == "live"
        await exchange.answer(429 if is_live else 200, b"", **({"Retry_After": "600"} if is_live else {}))

    async with scripted(authority, script) as server, running(server.url) as cloud:
        await within(cloud.sender("backlog").send(entries(10)))
        cloud.sender("live").send(entries(10, 100))
        await server.await_requests(2)
        await eventually(lambda: "429" in cloud.last_error)
        server.script = server.probe_script = answering(500)
        old = cloud.sender("backlog").send(entries(10, 10))
        await eventually(lambda: not cloud.connected.is_set())
        server.script, server.probe_script = script, answering(200)
        assert await within(old) == Outcome()
        await eventually(cloud.connected.is_set)


async def test_a_link_is_checked_while_a_lane_has_a_long_pause() -> None:
    link = Link(300.0, lambda: None)
    live, backlog = link.lane("live"), link.lane("backlog")

    async def answer(*failure: DeliveryError) -> None:
        for each in failure:
            raise each

    await link.attempt(backlog, answer)
    with pytest.raises(DeliveryError):
        await link.attempt(live, lambda: answer(DeliveryError("429", 600.0)))
    waiting = asyncio.create_task(link.attempt(live, answer))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert link.waiting_attempts == 0, "a request without lines is sent if the link is lost now"
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_batch_in_hand_is_delivered_after_a_restart(authority: Authority, running: Running) -> None:
    failed = pytest.raises(ExceptionGroup)
    async with scripted(authority, no_answer) as server:
        with failed:
            async with running(server.url) as cloud:
                sent = [cloud.sender("live").send(entries(10, first)) for first in (1, 11)]
                await server.await_requests(1)
                cloud._is_probe_due = lambda: bool(1 / 0)  # type: ignore[method-assign]  # noqa: SLF001
                await eventually(lambda: not cloud._is_running)  # noqa: SLF001
                del cloud._is_probe_due  # noqa: SLF001
                server.script = answering(200)
                again = asyncio.create_task(cloud.run())
                assert [await within(each) for each in sent] == [Outcome()] * 2
                assert [each.offsets[0] for each in server.requests[1:]] == [1, 11]
                again.cancel()
                await asyncio.gather(again, return_exceptions=True)


async def test_a_server_that_starts_is_used_soon(authority: Authority, running: Running) -> None:
    port = unused_port()
    async with running(f"https://{HOST}:{port}/edge") as cloud:
        sent = cloud.sender("live").send(entries(10))
        await asyncio.sleep(6)
        assert "cannot be reached" in cloud.last_error
        async with scripted(authority, listener=socket.create_server((HOST, port))), asyncio.timeout(LINK_SECONDS):
            assert await sent == Outcome()


async def test_dropped_connection_requests_are_noticed_and_a_returning_link_is_used_soon(
    authority: Authority, running: Running
) -> None:
    # With a full queue of connections that are not accepted, Linux drops further SYNs.
    listener = socket.create_server((HOST, 0), backlog=0)
    fill = [socket.socket() for _ in range(2)]
    for each in fill:
        each.setblocking(False)  # noqa: FBT003
        each.connect_ex(listener.getsockname())
    async with running(f"https://{HOST}:{listener.getsockname()[1]}/edge") as cloud:
        sent = cloud.sender("live").send(entries(10))
        await eventually(lambda: "within 5 s" in cloud.last_error)
        await asyncio.sleep(3.2)  # the next SYN of the kernel would follow after 7 s
        for each in fill:
            each.close()
        async with scripted(authority, listener=listener), asyncio.timeout(LINK_SECONDS):
            assert await sent == Outcome()


async def test_a_name_that_does_not_exist(running: Running) -> None:
    async with running("https://cloud.invalid/edge") as cloud:
        cloud.sender("live").send(entries(1))
        await eventually(lambda: bool(cloud.last_error))
        assert cloud.last_error.startswith("https://cloud.invalid cannot be reached: ")


async def test_an_idle_connection_that_the_server_closed_is_no_outage(authority: Authority, running: Running) -> None:
    async def then_close(exchange: Exchange) -> None:
        await exchange.answer()
        if len(server.requests) == 1:
            # It closes when the next request arrives: that one has no answer.
            await exchange.reader.readuntil(b"\r\n\r\n")
            exchange.reset()

    async with scripted(authority, then_close) as server, running(server.url) as cloud:
        await within(cloud.sender("live").send(entries(10)))
        was_clear: list[bool] = []
        sent = cloud.sender("live").send(entries(10, 11))
        while not sent.done():
            was_clear.append(not cloud.connected.is_set())
            await asyncio.sleep(0)
        assert not any(was_clear)
        assert server.requests[-1].offsets == [*range(11, 21)]


async def test_a_new_token_ends_the_pause(authority: Authority, secret: MountedSecret, running: Running) -> None:
    async def script(exchange: Exchange) -> None:
        is_new = exchange.headers["authorization"] == "Bearer new"
        await exchange.answer(200 if is_new else 401, b"", **({} if is_new else {"Retry_After": "3000"}))

    async with scripted(authority, script) as server, running(server.url) as cloud:
        server.probe_script = script
        sent = cloud.sender("live").send(entries(10))
        await server.await_requests(4)
        assert server.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"
        secret.write({"token": "new\n", "ca.crt": authority.ca.read_text()})
        async with asyncio.timeout(1.5):
            assert await sent == Outcome()


async def test_basic(authority: Authority, secret: MountedSecret, running: Running) -> None:
    secret.write({"username": "plänt", "password": "pass:word", "ca.crt": authority.ca.read_text()})
    async with scripted(authority) as server, running(server.url) as cloud:
        await within(cloud.sender("live").send(entries(1)))
        assert server.requests[0].headers["authorization"] == "Basic cGzDpG50OnBhc3M6d29yZA=="


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"token": "two\nlines"}, "token must be one line", id="a token of two lines"),
        pytest.param({"ca.crt": "no certificate"}, "ca.crt holds no certificates that can be", id="no certificate"),
    ],
)
async def test_credentials_that_cannot_be_used(
    files: dict[str, str], message: str, authority: Authority, secret: MountedSecret, running: Running
) -> None:
    right = {"token": TOKEN, "ca.crt": authority.ca.read_text()}
    secret.write(right | files)
    async with scripted(authority) as server, running(server.url) as cloud:
        sent = cloud.sender("live").send(entries(1))
        await eventually(lambda: message in cloud.last_error)
        assert "lines" not in cloud.last_error.replace("one line of", "")
        secret.write(right)
        assert await within(sent) == Outcome()


async def test_the_certificate_of_another_authority(
    tmp_path: Path, authority: Authority, secret: MountedSecret, running: Running
) -> None:
    other = Authority(tmp_path / "other", b"o" * 32)
    port = unused_port()
    async with running(f"https://{HOST}:{port}/edge") as cloud:
        async with scripted(authority, listener=socket.create_server((HOST, port))):
            await within(cloud.sender("live").send(entries(1)))
        async with scripted(other, listener=socket.create_server((HOST, port))) as server:
            sent = cloud.sender("live").send(entries(1, 2))
            await eventually(lambda: "is not trusted" in cloud.last_error)
            assert server.requests == []
            secret.write({"token": TOKEN, "ca.crt": other.ca.read_text()})
            async with asyncio.timeout(1.5):
                assert await sent == Outcome()


async def test_a_second_run_only_waits(authority: Authority, running: Running) -> None:
    async with scripted(authority) as server, running(server.url) as cloud:
        await within(cloud.sender("live").send(entries(1)))
        before = len(asyncio.all_tasks())
        second = asyncio.create_task(cloud.run())
        await within(cloud.sender("live").send(entries(1, 2)))
        assert len(asyncio.all_tasks()) == before + 1, "it starts no tasks"
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await within(cloud.sender("live").send(entries(1, 3)))


async def test_alerts_are_not_held_up_by_an_outage(running: Running) -> None:
    async with running(f"https://{HOST}:{unused_port()}/edge") as cloud:
        with pytest.raises(DeliveryError, match="cannot be reached"):
            async with asyncio.timeout(SECONDS):
                await cloud.send_alerts(alerts(1))
