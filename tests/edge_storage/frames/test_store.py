"""Frames into the real store."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from edge_service.server import HttpServer
from edge_service.store import StoreClient
from edge_storage.app import make_app
from edge_storage.frames.listener import IngestListener
from edge_storage.frames.store_committer import StoreCommitter
from edge_storage.log.line import offset_of
from edge_storage.metrics import StorageMetrics
from edge_storage.store import Store
from edge_wire.store import RawMessage
from edge_wire.store.frames import CommitRequest, Status
from tests.edge_storage.frames.adapter import BlockingClient, request, seqs


def reading(seq: int) -> bytes:
    return json.dumps({"sensor_type": "t", "value": 1, "session": "s", "seq": seq}).encode()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path, StorageMetrics(CollectorRegistry(), tmp_path))
    assert opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def listener(store: Store) -> AsyncIterator[IngestListener]:
    with IngestListener(
        "127.0.0.1", 0, StoreCommitter(store, StorageMetrics(CollectorRegistry(), store.directory))
    ) as started:
        yield started


async def asked(client: BlockingClient, *requests: CommitRequest) -> list[tuple[int, Status, list[int]]]:
    """Send all `requests` at once and return number, status and seqs of each answer."""
    client.send(*requests)
    answers = [await asyncio.to_thread(client.answer) for _ in requests]
    return [(number, each.status, seqs(each.lines)) for number, each in answers]


async def test_messages_are_stored_and_answered_as_lines(listener: IngestListener) -> None:
    with BlockingClient(listener.port) as client:
        sent = request(reading(1), b"{", b"[%b,%b]" % (reading(2), reading(1)), reading(3))
        answer = await asyncio.to_thread(client.ask, sent)
    assert (answer.status, answer.accepted, answer.duplicates, answer.rejected) == (Status.STORED, 3, 1, 1)
    assert [json.loads(line)["seq"] for line in answer.lines] == [1, 2, 3]
    assert answer.first_offset == offset_of(answer.lines[0]) < offset_of(answer.lines[1]) < offset_of(answer.lines[2])
    assert list(answer.indexes) == [0, 2, 3]
    assert [(each.index, each.reason) for each in answer.rejections] == [(1, "json")]


async def test_requests_that_are_sent_at_once_are_answered_in_order(listener: IngestListener) -> None:
    with BlockingClient(listener.port) as client:
        found = await asked(client, *(request(reading(seq)) for seq in range(20)))
    assert found == [(number, Status.STORED, [number - 1]) for number in range(1, 21)]


async def test_a_former_ingester_is_fenced_and_its_later_requests_are_not_stored(
    store: Store, listener: IngestListener
) -> None:
    lease = await store.write(partial(store.leases.acquire, holder="a", ttl_seconds=5))
    with BlockingClient(listener.port) as client:
        ours, not_ours = (request(reading(seq), token=lease.token + seq) for seq in (0, 1))
        assert await asked(client, ours, not_ours) == [(1, Status.STORED, [0]), (2, Status.FENCED, [])]
        assert await asyncio.to_thread(client.is_ended)


async def test_the_lease_names_the_port_of_the_listener(store: Store, listener: IngestListener, tmp_path: Path) -> None:
    registry = CollectorRegistry()
    app = make_app(store, StorageMetrics(registry, tmp_path), registry, listener)
    async with HttpServer(app, "127.0.0.1", 0) as server, StoreClient(f"http://127.0.0.1:{server.port}") as client:
        assert (await client.acquire_lease("a", 5)).ingest_port == listener.port


async def test_readings_over_http_are_notified(store: Store, listener: IngestListener, tmp_path: Path) -> None:
    registry = CollectorRegistry()
    app = make_app(store, StorageMetrics(registry, tmp_path), registry, listener)
    now = dt.datetime.now(dt.UTC)
    async with HttpServer(app, "127.0.0.1", 0) as server, StoreClient(f"http://127.0.0.1:{server.port}") as client:
        with BlockingClient(listener.port) as connection:
            await client.store([RawMessage("d", reading(1), now)], location="hall")
            assert await asyncio.to_thread(connection.notified) == 1
