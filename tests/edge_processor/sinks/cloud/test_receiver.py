"""The destination and the example receiver, a process with TLS."""

import asyncio
import subprocess
import sys

import pytest

from edge_processor.delivery.destination import LaneName, Outcome
from edge_processor.delivery.ledger import Entry
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.cloud import cloud_destination
from edge_processor.sinks.cloud.https import HttpsCloud
from edge_processor.sinks.cloud.https.lines.body import Source, compress, headers, pieces
from edge_processor.sinks.http.credentials import CredentialFiles
from edge_processor.sinks.http.endpoint import Endpoint
from tests.edge_processor.sinks.cloud.conftest import LOG_ID, Running
from tests.edge_processor.sinks.cloud.readings import alerts, entries
from tests.edge_processor.sinks.cloud.scripted import eventually
from tests.edge_processor.sinks.cloud.secret import MountedSecret
from tests.edge_processor.sinks.cloud.test_answers import within
from tests.support.cloud import TOKEN, Authority, ReceiverProcess

LINK_SECONDS = 5.0


@pytest.mark.process
async def test_readings_of_both_lanes_arrive_once(receiver: ReceiverProcess, running: Running) -> None:
    async def send(cloud: HttpsCloud, lane: LaneName, first: int) -> list[Outcome]:
        return [await within(cloud.sender(lane).send(entries(250, at))) for at in range(first, first + 2000, 250)]

    async with running(receiver.url) as cloud:
        outcomes = await asyncio.gather(send(cloud, "live", 5001), send(cloud, "backlog", 1))
        assert [each for lane in outcomes for each in lane] == [Outcome()] * 16
        assert await within(cloud.sender("backlog").send(entries(10, 1991))) == Outcome()
    stats = receiver.stats()
    assert (stats["readings"], stats["repeated"]) == (4000, 10)
    assert stats["sources"][0]["site"] == "plant/berlin"
    assert stats["sources"][0]["log_id"] == LOG_ID
    assert receiver.offsets("plant/berlin") == [*range(1, 2001), *range(5001, 7001)]


@pytest.mark.process
async def test_alerts_arrive_once(receiver: ReceiverProcess, running: Running) -> None:
    async with running(receiver.url) as cloud:
        await cloud.send_alerts(alerts(3))
        await cloud.send_alerts(alerts(3, first=2))
    found = receiver.call("GET", "/alerts?site=plant/berlin")[1]
    assert [each["alert_id"] for each in found] == ["alert-4", "alert-3", "alert-2", "alert-1"]


@pytest.mark.process
async def test_one_poison_reading_blocks_no_other(receiver: ReceiverProcess, running: Running) -> None:
    batch: list[Entry] = [*entries(10), (11, b'{"device_id":"x","value":NaN,"offset":11}'), *entries(10, 12)]
    async with running(receiver.url) as cloud:
        outcome = await within(cloud.sender("live").send(batch))
    assert [position for position, _ in outcome.refused] == [10]
    assert "not JSON" in outcome.refused[0][1]
    assert receiver.offsets("plant/berlin") == [*range(1, 11), *range(12, 22)]


@pytest.mark.process
async def test_a_receiver_that_is_killed_loses_nothing(receiver: ReceiverProcess, running: Running) -> None:
    async with running(receiver.url) as cloud:
        delivered: list[int] = []
        for first in range(1, 4001, 100):
            sent = cloud.sender("live").send(entries(100, first))
            if first in (1001, 2501):
                await asyncio.to_thread(receiver.kill)
                await asyncio.to_thread(lambda: receiver.start().await_ready())
                async with asyncio.timeout(LINK_SECONDS):
                    await asyncio.shield(sent)
            assert await within(sent) == Outcome()
            delivered.extend(range(first, first + 100))
        assert cloud.connected.is_set()
    assert receiver.offsets("plant/berlin") == delivered


@pytest.mark.process
async def test_a_401_is_healed_by_a_new_secret(
    receiver: ReceiverProcess, secret: MountedSecret, authority: Authority
) -> None:
    settings = ProcessorSettings(
        edge_namespace="plant",
        edge_site="berlin",
        cloud_endpoint=receiver.url,
        cloud_credentials_dir=secret.directory,
    )
    secret.write({"token": "an-old-one", "ca.crt": authority.ca.read_text()})
    cloud = cloud_destination(settings, LOG_ID)
    task = asyncio.create_task(cloud.run())
    sent = cloud.sender("live").send(entries(10))
    await eventually(lambda: "401" in cloud.last_error)
    secret.write({"token": TOKEN, "ca.crt": authority.ca.read_text()})
    async with asyncio.timeout(2):
        assert await sent == Outcome()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_bytes_on_the_wire() -> None:
    batch = [line for _, line in entries(500)]
    body = compress(batch)
    head = sum(
        len(name) + len(text) + 4 for name, text in headers(Source("plant/berlin", LOG_ID), body, "1-500").items()
    )
    assert (len(body.data) + head + 250) / 500 < 40


def test_a_request_has_at_most_a_mebibyte_unless_one_line_has_more() -> None:
    assert pieces([b"x" * 300_000] * 7, 10_000) == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert pieces([b"x" * 2_000_000, b"y"], 10_000) == [slice(0, 1), slice(1, 2)]
    assert pieces([b"x"] * 5, 2) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert pieces([], 2) == []


@pytest.mark.process
def test_a_processor_without_a_cloud_does_not_load_its_client() -> None:
    code = "import edge_processor.__main__, edge_processor.sinks.cloud, sys; print({'aiohttp','yarl'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        pytest.param("http://cloud.example.com", "must be an address such as https://", id="not TLS"),
        pytest.param("", "must be an address such as https://", id="nothing"),
        pytest.param("https:///edge", "must be a URL such as", id="no host"),
        pytest.param("https://user:secret@cloud.example.com", "must not have a password", id="a password"),
    ],
)
def test_endpoints_that_are_rejected(endpoint: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        cloud_destination(ProcessorSettings(cloud_endpoint=endpoint), LOG_ID)
    assert "secret" not in str(raised.value)


def test_the_query_of_an_endpoint_is_kept() -> None:
    endpoint = Endpoint("https://cloud.example.com:8443/a%2Fb/?tenant=7", CredentialFiles(None))
    assert str(endpoint.url("readings")) == "https://cloud.example.com:8443/a%2Fb/readings?tenant=7"
    assert str(endpoint.url("commands?wait=30s")).endswith("/a%2Fb/commands?tenant=7&wait=30s")
    assert endpoint.origin == "https://cloud.example.com:8443"


@pytest.mark.parametrize("url", ["https://hooks.example.com/a%7Eb/", "http://hooks.example.com/?sig=a%2Bb%3d"])
def test_a_url_without_a_path_below_it_stays_as_it_is(url: str) -> None:
    assert str(Endpoint(url, CredentialFiles(None)).url("")) == url
