import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from edge_operator.cluster.budget import WriteBudget
from edge_operator.cluster.client import ATTEMPTS_WHEN_THROTTLED, ApiClient, abort_when_closed
from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.cluster.playing import Play, Server, playing, say
from tests.edge_operator.cluster.virtual import now, run_virtual

TOO_MANY = {"reason": "TooManyRequests", "message": "slow down"}


class Gate:
    """A gate that is opened and closed by hand."""

    def __init__(self, *, opened: bool = True) -> None:
        self.opened = opened

    def is_open(self) -> bool:
        return self.opened


class Rig:
    """A client with its collaborators."""

    def __init__(self, server: Server, session: aiohttp.ClientSession, gate: Gate) -> None:
        self.server, self.gate, self.metrics = server, gate, Metrics()
        self.budget = WriteBudget(100.0, 20, asyncio.get_running_loop().time)
        self.client = ApiClient(session, gate, self.budget, self.metrics)

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def rig(*plays: Play, gate: Gate | None = None, seconds: float | None = 30) -> AsyncIterator[Rig]:
    gate = gate or Gate()
    async with playing(*plays, trace=abort_when_closed(gate.is_open), seconds=seconds) as (server, session):
        yield Rig(server, session, gate)


def test_read_asks_for_what_is_wanted() -> None:
    async def story() -> None:
        async with rig(say(200, {"a": 1})) as it:
            assert await it.client.read("/x", {"q": "1"}, accept="application/yaml") == {"a": 1}
            request = it.server.asked[0]
            assert (request.method, request.path_qs, request.headers["Accept"]) == ("GET", "/x?q=1", "application/yaml")
            assert it.counted("edge_api_calls_total", verb="GET", code="200") == 1

    run_virtual(story(), sockets=True)


def test_write_sends_body_and_types() -> None:
    async def story() -> None:
        async with rig(say(201, {"ok": True})) as it:
            answer = await it.client.write(
                "PATCH", "/x", {"b": 2}, params={"force": "true"}, content_type="application/z"
            )
            assert answer == {"ok": True}
            request = it.server.asked[0]
            assert (request.path_qs, request.headers["Content-Type"]) == ("/x?force=true", "application/z")
            assert it.server.bodies == [b'{"b": 2}']

    run_virtual(story(), sockets=True)


def test_closed_gate_sends_nothing_but_reads() -> None:
    async def story() -> None:
        async with rig(say(), gate=Gate(opened=False)) as it:
            with pytest.raises(NotLeaderError):
                await it.client.write("POST", "/x", {})
            assert it.server.asked == []
            assert it.counted("edge_write_refused_total") == 1
            assert await it.client.read("/x") == {}

    run_virtual(story(), sockets=True)


def test_gate_that_closes_while_the_write_waits_for_its_budget_sends_nothing() -> None:
    async def story() -> None:
        async with rig(say()) as it:
            it.budget.slow_down(2.0)
            asyncio.get_running_loop().call_later(1.0, setattr, it.gate, "opened", False)  # noqa: FBT003
            with pytest.raises(NotLeaderError):
                await it.client.write("POST", "/x", {})
            assert it.server.asked == []

    run_virtual(story(), sockets=True)


@pytest.mark.parametrize("warm", [False, True], ids=["new connection", "connection at hand"])
def test_gate_that_closes_at_the_last_moment_sends_nothing(*, warm: bool) -> None:
    class Closing(Gate):
        answers = 1

        def is_open(self) -> bool:
            self.answers -= 1
            return self.answers >= 0

    async def story() -> None:
        gate = Closing()
        async with rig(say(), gate=gate) as it:
            if warm:
                await it.client.read("/warm")
            before = len(it.server.asked)
            for _ in range(3):
                gate.answers = 1
                with pytest.raises(NotLeaderError):
                    await it.client.write("POST", "/x", {})
            assert len(it.server.asked) == before
            gate.answers = 100
            assert await it.client.write("POST", "/x", {}) == {}, "the connections are whole again"

    run_virtual(story(), sockets=True)


def test_refused_writes_take_no_connection_for_good() -> None:
    async def story() -> None:
        gate = Gate()
        async with playing(say(), trace=abort_when_closed(lambda: gate.opened)) as (_, session):
            session.connector._limit = 1  # type: ignore[union-attr] # noqa: SLF001
            gate.opened = False
            for _ in range(3):
                with pytest.raises(NotLeaderError):
                    await session.post("/x")
            gate.opened = True
            async with session.post("/x") as response:
                assert response.ok

    run_virtual(story(), sockets=True)


def test_429_is_obeyed_and_the_write_sent_again() -> None:
    async def story() -> None:
        async with rig(say(429, TOO_MANY, {"Retry-After": "7"}), say(200, {"done": 1})) as it:
            begun = now()
            assert await it.client.write("POST", "/x", {}) == {"done": 1}
            assert 7 <= now() - begun < 8
            assert it.budget.rate < 100
            assert it.counted("edge_api_throttled_total") == 1

    run_virtual(story(), sockets=True)


def test_429_holds_the_other_writes_too() -> None:
    async def story() -> None:
        at: list[float] = []

        async def note(_request: web.BaseRequest) -> web.Response:
            at.append(now())
            return web.json_response({})

        async with rig(say(429, TOO_MANY, {"Retry-After": "5"}), note) as it:
            it.budget = it.client._budget = WriteBudget(2.0, 1, asyncio.get_running_loop().time)  # noqa: SLF001
            begun = now()
            await asyncio.gather(*(it.client.write("POST", "/x", {}) for _ in range(4)))
            assert min(at) - begun >= 4.9

    run_virtual(story(), sockets=True)


@pytest.mark.parametrize(
    ("header", "most"), [("86400", 61), ("Wed, 21 Oct 2026 07:28:00 GMT", 2), ("nan", 2), ("-5", 2)]
)
def test_odd_retry_after_is_survived(header: str, most: float) -> None:
    async def story() -> None:
        async with rig(say(429, TOO_MANY, {"Retry-After": header}), say()) as it:
            begun = now()
            await it.client.write("POST", "/x", {})
            assert now() - begun < most

    run_virtual(story(), sockets=True)


def test_429_without_end_is_raised_in_the_end() -> None:
    async def story() -> None:
        async with rig(say(429, TOO_MANY)) as it:
            with pytest.raises(ApiError, match="slow down"):
                await it.client.write("POST", "/x", {})
            assert len(it.server.asked) == ATTEMPTS_WHEN_THROTTLED

    run_virtual(story(), sockets=True)


def test_gate_is_asked_again_after_429() -> None:
    async def story() -> None:
        gate = Gate()

        async def close(_request: web.BaseRequest) -> web.Response:
            gate.opened = False
            return web.json_response(TOO_MANY, status=429)

        async with rig(close, gate=gate) as it:
            with pytest.raises(NotLeaderError):
                await it.client.write("POST", "/x", {})
            assert len(it.server.asked) == 1

    run_virtual(story(), sockets=True)


def test_writes_under_way_are_bounded() -> None:
    async def story() -> None:
        under_way = most = 0

        async def slow(_request: web.BaseRequest) -> web.Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.5)
            under_way -= 1
            return web.json_response({})

        async with rig(slow) as it:
            client = ApiClient(it.client.session, it.gate, it.budget, it.metrics, concurrency=3)
            await asyncio.gather(*(client.write("POST", "/x", {}) for _ in range(10)))
            assert most == 3

    run_virtual(story(), sockets=True)


async def silence(_request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def hang_up(request: web.BaseRequest) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def break_off(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"a":')
    assert request.transport is not None
    request.transport.abort()
    return response


@pytest.mark.parametrize("play", [silence, hang_up, break_off])
def test_no_answer_is_unreachable(play: Play) -> None:
    async def story() -> None:
        async with rig(play, seconds=2) as it:
            with pytest.raises(UnreachableError, match="GET /x"):
                await it.client.read("/x")
            with pytest.raises(UnreachableError, match="POST /x"):
                await it.client.write("POST", "/x", {})
            methods = [request.method for request in it.server.asked]
            assert methods.count("POST") == 1, "a write that may have happened is not sent again"

    run_virtual(story(), sockets=True)


def test_nobody_listens() -> None:
    async def story() -> None:
        async with rig(say()) as it:
            it.client.session._base_url = URL("http://127.0.0.1:1")  # noqa: SLF001
            with pytest.raises(UnreachableError):
                await it.client.read("/x")
            assert it.counted("edge_api_calls_total", verb="GET", code="none") == 1

    run_virtual(story(), sockets=True)


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"\xff\xfe", b"[1]", b"null", b"[" * 100_000])
def test_error_that_is_no_json_is_an_api_error_all_the_same(body: bytes) -> None:
    async def story() -> None:
        async with rig(say(502, body)) as it:
            with pytest.raises(ApiError) as caught:
                await it.client.read("/x")
            assert caught.value.code == 502
            assert str(caught.value)

    run_virtual(story(), sockets=True)


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"[1]", b"null", b'"x"', b"[" * 100_000])
def test_success_that_is_no_json_object_is_no_success(body: bytes) -> None:
    async def story() -> None:
        async with rig(say(200, body)) as it:
            with pytest.raises(ApiError, match="is this the API server"):
                await it.client.read("/x")

    run_virtual(story(), sockets=True)


def test_empty_success_is_fine() -> None:
    async def story() -> None:
        async with rig(say(200, b"")) as it:
            assert await it.client.write("DELETE", "/x") == {}

    run_virtual(story(), sockets=True)
