"""Servers that reject requests as a whole: only one that takes something else can reject a line."""

import asyncio
from contextlib import suppress

import pytest

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError, Outcome
from edge_processor.sinks.cloud.https import HttpsCloud
from tests.edge_processor.sinks.cloud.conftest import Running
from tests.edge_processor.sinks.cloud.readings import alerts, entries
from tests.edge_processor.sinks.cloud.scripted import eventually, scripted
from tests.edge_processor.sinks.cloud.test_answers import answering, within
from tests.support.cloud import Authority, ReceiverProcess

NO_CERTIFICATE = b"<html>No required SSL certificate was sent</html>"


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("count", [1, 100])
async def test_a_server_that_rejects_everything_loses_nothing(
    status: int, count: int, authority: Authority, running: Running
) -> None:
    rejecting = answering(status, NO_CERTIFICATE)
    async with scripted(authority, rejecting) as server, running(server.url) as cloud:
        server.probe_script = rejecting
        sent = cloud.sender("live").send(entries(count))
        await server.await_requests(4)
        assert not sent.done()
        assert not cloud.connected.is_set()
        assert f"rejects every request, also without lines ({status} Said (<html>No" in cloud.last_error
        times = [each.at for each in server.requests]
        assert times[3] - times[2] > times[1] - times[0], "the pauses grow"
        server.script = answering(200)  # the last request may still wait for the answer without lines
        assert await within(sent) == Outcome()
        assert server.requests[-1].offsets == [*range(1, count + 1)]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_the_request_without_lines_must_succeed(status: int, authority: Authority, running: Running) -> None:
    async with scripted(authority, answering(400)) as server, running(server.url) as cloud:
        server.probe_script = answering(status)
        sent = cloud.sender("live").send(entries(1))
        await server.await_requests(3)
        assert not sent.done()
        assert not cloud.connected.is_set()
        assert f"the server answers {status}" in cloud.last_error


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 500])
async def test_a_server_without_readings_is_connected_only_by_2xx(
    status: int, authority: Authority, running: Running
) -> None:
    async with scripted(authority) as server, running(server.url) as cloud:
        server.probe_script = answering(status)
        await eventually(lambda: len(server.probes) >= 2)
        assert not cloud.connected.is_set()
        assert str(status) in cloud.last_error


async def send_one_alert(cloud: HttpsCloud) -> None:
    while True:
        with suppress(DeliveryError):  # the pause of an earlier attempt
            return await cloud.send_alerts(alerts(1))
        await asyncio.sleep(0.1)


async def test_alerts_that_are_rejected_with_everything_else_wait(authority: Authority, running: Running) -> None:
    async with scripted(authority, answering(400)) as server, running(server.url) as cloud:
        await eventually(cloud.connected.is_set)
        server.probe_script = answering(400)
        with pytest.raises(DeliveryError, match="rejects every request"):
            await cloud.send_alerts(alerts(2))
        assert server.probes[-1].head == "POST /edge/alerts HTTP/1.1"
        server.probe_script = answering(200)
        await eventually(cloud.connected.is_set)
        with pytest.raises(AlertsRefusedError) as raised:
            await send_one_alert(cloud)
        assert raised.value.refused == ((0, "400 Said"),)


async def test_the_example_receiver_takes_alerts_without_lines(
    receiver: ReceiverProcess, secret: object, running: Running
) -> None:
    async with running(receiver.url) as cloud:
        await eventually(cloud.connected.is_set)
        site = {"Edge-Site": "plant/berlin", "Edge-Log-Id": "x", "Edge-Lines": "0"}
        named = {name.replace("-", "_"): value for name, value in site.items()}
        assert receiver.call("POST", "/alerts", body=b"", **named)[0] == 200
        assert receiver.call("POST", "/readings", body=b"", **named)[0] == 200


@pytest.mark.parametrize(
    ("accepted", "is_delivered"), [(b"9", True), (b"0", False), (b"10", False), (b"true", False), (b"null", False)]
)
async def test_a_list_of_rejected_lines_with_the_number_of_the_others(
    accepted: bytes,
    is_delivered: bool,  # noqa: FBT001
    authority: Authority,
    running: Running,
) -> None:
    listed = answering(422, b'{"rejected": [{"line": 3, "reason": "old"}], "accepted": ' + accepted + b"}")
    async with scripted(authority, listed) as server, running(server.url) as cloud:
        sent = cloud.sender("live").send(entries(10))
        if not is_delivered:
            await server.await_requests(2)
            assert not sent.done()
            assert "accepted" in cloud.last_error
            server.script = answering(200)
        assert await within(sent) == Outcome(((3, "old"),) if is_delivered else ())
