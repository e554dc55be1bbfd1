import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from edge_operator.cluster.watch import INACTIVITY_SECONDS, RELIST_SECONDS, Selection, Watch
from edge_operator.desired.kinds import DEPLOYMENT, SECRET, ChildKind
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.cluster.playing import Server, playing
from tests.edge_operator.cluster.virtual import now, run_virtual

Write = Callable[[bytes], Awaitable[None]]


def obj(name: str, version: int, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns", "resourceVersion": str(version), **more}}


def line(kind: str, what: Any) -> bytes:
    return json.dumps({"type": kind, "object": what}).encode() + b"\n"


def page(version: int, *items: dict[str, Any], token: str = "") -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version), "continue": token}, "items": list(items)}


def status(code: int) -> dict[str, Any]:
    return {"kind": "Status", "code": code, "message": f"code {code}", "reason": "Whatever"}


@dataclass
class Sink:
    """Keeps what it is given."""

    objects: dict[str, int] = field(default_factory=dict)
    lists: int = 0
    poison: str = ""

    def prune(
        self,
        kind: ChildKind,  # noqa: ARG002 - the watch gives it by position
        namespace: str | None,  # noqa: ARG002 - likewise
        listed: Container[tuple[str, str]],
        version: str,  # noqa: ARG002 - likewise
    ) -> None:
        self.lists += 1
        self.objects = {name: seen for name, seen in self.objects.items() if ("ns", name) in listed}

    def put(self, kind: ChildKind, obj: dict[str, Any]) -> None:  # noqa: ARG002 - likewise
        if obj["metadata"]["name"] == self.poison:
            raise RuntimeError("a fault of ours")
        self.objects[obj["metadata"]["name"]] = int(obj["metadata"]["resourceVersion"])

    def delete(self, kind: ChildKind, obj: dict[str, Any]) -> None:  # noqa: ARG002 - likewise
        self.objects.pop(obj["metadata"]["name"], None)


Streamed = Callable[[Write], Awaitable[None]]


class Api:
    """Plays lists and streams; after the last stream nothing is sent."""

    def __init__(self, lists: list[dict[str, Any] | int], streams: list[Streamed | int]) -> None:
        self.lists, self.streams = lists, streams

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.query.get("watch") != "true":
            answer = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
            if isinstance(answer, int):
                return web.json_response(status(answer), status=answer)
            return web.json_response(answer)
        stream = self.streams.pop(0) if self.streams else quiet
        if isinstance(stream, int):
            return web.json_response(status(stream), status=stream)
        response = web.StreamResponse()
        await response.prepare(request)
        await stream(response.write)
        return response


async def quiet(_write: Write) -> None:
    await asyncio.sleep(1e6)


def sends(*chunks: bytes, then: Streamed | None = None) -> Streamed:
    async def stream(write: Write) -> None:
        for chunk in chunks:
            await write(chunk)
            await asyncio.sleep(0.01)
        if then is not None:
            await then(write)

    return stream


@dataclass
class Rig:
    server: Server
    sink: Sink
    watch: Watch
    metrics: Metrics
    task: "asyncio.Task[None]"

    def streams(self) -> list[web.BaseRequest]:
        return [request for request in self.server.asked if request.query.get("watch") == "true"]

    def lists(self) -> list[web.BaseRequest]:
        return [request for request in self.server.asked if request.query.get("watch") != "true"]

    def restarts(self, cause: str, kind: str = "Secret") -> float:
        labels = {"kind": kind, "cause": cause}
        return self.metrics.registry.get_sample_value("edge_watch_restarts_total", labels) or 0.0

    async def until(self, holds: Callable[[], object], seconds: float = 30.0) -> None:
        end = now() + seconds
        while not holds():
            assert not self.task.done(), "the watch has ended"
            assert now() < end, f"too late; sink {self.sink}"
            await asyncio.sleep(seconds / 500)


@asynccontextmanager
async def watching(
    lists: list[dict[str, Any] | int], *streams: Streamed | int, kind: ChildKind = SECRET, namespace: str | None = None
) -> AsyncIterator[Rig]:
    async with playing(Api(lists, list(streams))) as (server, session):
        sink, metrics = Sink(), Metrics()
        selection = Selection(kind, namespace, "app=x")
        watch = Watch(session, selection, sink, metrics, asyncio.get_running_loop().time)
        task = asyncio.create_task(watch.run())
        try:
            yield Rig(server, sink, watch, metrics, task)
        finally:
            task.cancel()
            await asyncio.wait([task])


def run(story: Callable[[], Any]) -> None:
    run_virtual(story(), sockets=True)


def test_list_then_events() -> None:
    async def story() -> None:
        stream = sends(
            line("ADDED", obj("c", 11)), line("MODIFIED", obj("a", 12)), line("DELETED", obj("b", 13)), then=quiet
        )
        async with watching([page(10, obj("a", 5), obj("b", 6))], stream) as it:
            assert not it.watch.synced.is_set()
            await it.until(lambda: it.sink.objects == {"a": 12, "c": 11})
            assert it.watch.synced.is_set()
            assert it.streams()[0].query["resourceVersion"] == "10"
            assert it.streams()[0].query["labelSelector"] == "app=x"

    run(story)


@pytest.mark.parametrize(
    ("kind", "namespace", "path", "metadata_only"),
    [
        (SECRET, None, "/api/v1/secrets", True),
        (SECRET, "ns", "/api/v1/namespaces/ns/secrets", True),
        (DEPLOYMENT, "ns", "/apis/apps/v1/namespaces/ns/deployments", False),
    ],
)
def test_what_is_asked_for(kind: ChildKind, namespace: str | None, path: str, *, metadata_only: bool) -> None:
    async def story() -> None:
        async with watching([page(10)], kind=kind, namespace=namespace) as it:
            await it.until(it.streams)
            for request in it.server.asked:
                assert request.path == path
                assert ("PartialObjectMetadata" in request.headers["Accept"]) == metadata_only

    run(story)


def test_pages_make_one_list() -> None:
    async def story() -> None:
        pages = [page(10, obj("a", 1), token="t1"), page(10, obj("b", 2), token="t2"), page(10, obj("c", 3))]
        async with watching([*pages]) as it:
            await it.until(it.watch.synced.is_set)
            assert (it.sink.objects, it.sink.lists) == ({"a": 1, "b": 2, "c": 3}, 1)
            assert [request.query.get("continue") for request in it.lists()] == [None, "t1", "t2"]

    run(story)


def test_expired_page_restarts_the_list() -> None:
    async def story() -> None:
        async with watching([page(10, obj("a", 1), token="t"), 410, page(20, obj("b", 2))]) as it:
            await it.until(it.watch.synced.is_set)
            assert (it.sink.objects, it.sink.lists) == ({"b": 2}, 1)

    run(story)


def test_resumes_from_what_it_last_saw() -> None:
    async def story() -> None:
        bookmark = line("BOOKMARK", obj("", 40))
        async with watching([page(10)], sends(line("ADDED", obj("a", 33))), sends(bookmark), sends(then=quiet)) as it:
            await it.until(lambda: len(it.streams()) == 3)
            assert [request.query["resourceVersion"] for request in it.streams()] == ["10", "33", "40"]
            assert (len(it.lists()), it.sink.objects) == (1, {"a": 33})
            assert it.restarts("ended") == 2

    run(story)


@pytest.mark.parametrize("gone", [410, sends(line("ERROR", status(410)))], ids=["status", "event"])
def test_expired_version_has_it_listed_again_and_drops_what_was_deleted(gone: Streamed | int) -> None:
    async def story() -> None:
        async with watching([page(10, obj("a", 1), obj("b", 2)), page(50, obj("b", 2))], gone) as it:
            await it.until(lambda: it.sink.lists == 2)
            assert it.sink.objects == {"b": 2}
            await it.until(lambda: len(it.streams()) == 2)
            assert it.streams()[1].query["resourceVersion"] == "50"

    run(story)


@pytest.mark.parametrize("stream", [410, sends()], ids=["gone", "ended at once"])
def test_server_that_always_breaks_off_is_not_hammered(stream: Streamed | int) -> None:
    async def story() -> None:
        async with watching([page(10)], *[stream] * 100) as it:
            await asyncio.sleep(60)
            assert len(it.streams()) < 20

    run(story)


@pytest.mark.parametrize("code", [400, 401, 403, 429, 500, 503])
def test_refusals_pass(code: int) -> None:
    async def story() -> None:
        async with watching([code, page(10, obj("a", 1))], code, sends(line("ADDED", obj("b", 11)), then=quiet)) as it:
            await it.until(lambda: it.sink.objects == {"a": 1, "b": 11})
            assert it.restarts("refused") == 2

    run(story)


def test_server_that_refuses_counts_as_reachable() -> None:
    async def story() -> None:
        async with watching([403]) as it:
            await asyncio.sleep(300)
            assert it.watch.age < 15
            assert len(it.lists()) < 60

    run(story)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(status(500), id="500"),
        pytest.param({"code": None, "message": None}, id="nulls"),
        pytest.param({"code": "410"}, id="code is no number"),
        pytest.param({}, id="empty"),
        pytest.param("boom", id="no object"),
        pytest.param(None, id="null"),
    ],
)
def test_error_events_pass(error: Any) -> None:
    async def story() -> None:
        async with watching(
            [page(10)], sends(line("ERROR", error)), sends(line("ADDED", obj("b", 11)), then=quiet)
        ) as it:
            await it.until(lambda: it.sink.objects == {"b": 11})

    run(story)


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"<html>\n", id="no JSON"),
        pytest.param(b"\xff\xfe\x00\n", id="no UTF-8"),
        pytest.param(b"[1]\n", id="no object"),
        pytest.param(b"null\n", id="null"),
        pytest.param(b"{}\n", id="empty"),
        pytest.param(line("ADDED", {}), id="no metadata"),
        pytest.param(line("ADDED", {"metadata": {"name": "x"}}), id="no version"),
        pytest.param(b"[" * 100_000 + b"\n", id="deep"),
    ],
)
def test_garbage_does_not_end_the_watch_and_what_it_may_have_hidden_is_listed(
    garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        again = sends(line("ADDED", obj("c", 21)), then=quiet)
        async with watching([page(10), page(20, obj("b", 12))], sends(garbage), again) as it:
            await it.until(lambda: it.sink.objects == {"b": 12, "c": 21})
            assert it.restarts("unreadable") == 1

    run(story)
    assert any(record.levelno == logging.ERROR for record in caplog.records)


@pytest.mark.parametrize("answer", [{}, {"metadata": None}, {"items": 3}, page(10) | {"items": [None]}])
def test_list_that_is_none_does_not_end_the_watch(answer: dict[str, Any]) -> None:
    async def story() -> None:
        async with watching([answer, page(10, obj("a", 1))]) as it:
            await it.until(lambda: it.sink.objects == {"a": 1})

    run(story)


def test_fault_in_the_sink_does_not_end_the_watch() -> None:
    async def story() -> None:
        async with watching([page(10)], sends(line("ADDED", obj("bad", 11)))) as it:
            it.sink.poison = "bad"
            await it.until(lambda: it.sink.lists == 2)

    run(story)


def test_lines_come_in_any_pieces() -> None:
    async def story() -> None:
        whole = line("ADDED", obj("a", 11)) + b"\n  \n" + line("ADDED", obj("b", 12)) + line("ADDED", obj("c", 13))
        pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)]
        async with watching([page(10)], sends(*pieces, then=quiet)) as it:
            await it.until(lambda: it.sink.objects == {"a": 11, "b": 12, "c": 13})

    run(story)


def test_half_a_line_at_the_end_is_no_event() -> None:
    async def story() -> None:
        half = line("ADDED", obj("b", 12))[:-10]
        async with watching([page(10)], sends(line("ADDED", obj("a", 11)), half), sends(then=quiet)) as it:
            await it.until(lambda: len(it.streams()) == 2)
            assert it.sink.objects == {"a": 11}
            assert it.streams()[1].query["resourceVersion"] == "11"

    run(story)


def test_very_long_line() -> None:
    async def story() -> None:
        long = line("ADDED", obj("a", 11, annotations={"x": "y" * 2_000_000}))
        async with watching([page(10)], sends(long, line("ADDED", obj("b", 12)), then=quiet)) as it:
            await it.until(lambda: it.sink.objects == {"a": 11, "b": 12})

    run(story)


def test_connection_that_breaks_off() -> None:
    async def breaks(_write: Write) -> None:
        raise ConnectionResetError

    async def story() -> None:
        async with watching(
            [page(10)], sends(line("ADDED", obj("a", 11)), then=breaks), sends(line("ADDED", obj("b", 12)), then=quiet)
        ) as it:
            await it.until(lambda: it.sink.objects == {"a": 11, "b": 12})
            assert it.restarts("unreachable") + it.restarts("ended") == 1
            assert len(it.lists()) == 1

    run(story)


def test_silent_stream_is_given_up() -> None:
    async def story() -> None:
        async with watching([page(10)], quiet, sends(line("ADDED", obj("a", 11)), then=quiet)) as it:
            await it.until(it.streams)
            begun = now()
            await it.until(lambda: it.sink.objects == {"a": 11}, INACTIVITY_SECONDS + 5)
            assert now() - begun >= INACTIVITY_SECONDS
            assert it.restarts("silent") == 1
            assert it.streams()[1].query["resourceVersion"] == "10"

    run(story)


def test_nobody_listens() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(base_url="http://127.0.0.1:1") as session:
            watch = Watch(session, Selection(SECRET, None, ""), Sink(), Metrics(), loop.time)
            task = asyncio.create_task(watch.run())
            await asyncio.sleep(200)
            assert not task.done()
            assert watch.age >= 200
            task.cancel()
            await asyncio.wait([task])

    run(story)


def test_age_counts_from_the_last_received_data() -> None:
    async def story() -> None:
        stream = sends(then=quiet)
        async with watching([page(10)], stream) as it:
            await it.until(it.streams)
            await asyncio.sleep(50)
            assert 49 < it.watch.age < 52
            assert it.watch.kind is SECRET

    run(story)


def test_stream_that_ends_long_after_the_last_list_is_followed_by_a_list() -> None:
    async def bookmarks(write: Write) -> None:
        for version in range(100, 100 + int(RELIST_SECONDS / 60) + 1):
            await asyncio.sleep(60)
            await write(line("BOOKMARK", obj("", version)))

    async def story() -> None:
        async with watching([page(10, obj("a", 1)), page(200)], bookmarks) as it:
            await it.until(lambda: it.sink.lists == 2, RELIST_SECONDS + 100)
            assert it.sink.objects == {}

    run(story)
