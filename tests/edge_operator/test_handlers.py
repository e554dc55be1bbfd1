"""Signals of Kopf besides the events: it has listed, it watches, it logs in again."""

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import aiohttp
import pytest

from edge_operator import handlers
from edge_operator.cluster.connection import Connection
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.handlers import Feed, Login
from tests.edge_operator.cluster.playing import playing, say

COLLECTION = "/apis/edge-stack.io/v1alpha1/namespaces/ns/edgedevices"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        pytest.param(COLLECTION, 200, ["listed"], id="a list, an empty one too"),
        pytest.param(f"{COLLECTION}?watch=true", 200, ["opened"], id="a watch"),
        pytest.param(f"{COLLECTION}?watch=true", 410, [], id="a watch that is refused"),
        pytest.param(COLLECTION, 503, [], id="a list that fails"),
        pytest.param("/apis/edge-stack.io/v1alpha1", 200, [], id="the scan of what there is"),
        pytest.param("/apis/edge-stack.io/v1alpha1/edgesites?watch=true", 200, [], id="the other resource"),
    ],
)
async def test_what_an_answer_to_kopf_says(path: str, status: int, said: list[str]) -> None:
    told, trace = list[str](), aiohttp.TraceConfig()
    listed, opened = (partial(told.append, what) for what in ("listed", "opened"))
    feed = Feed("edgedevices", DeviceCache(lambda *_: None), listed, opened, asyncio.get_running_loop())
    trace.on_request_end.append(feed.on_request_end)
    async with playing(say(status), trace=trace) as (_, session), session.get(path) as response:
        await response.read()
    await asyncio.sleep(0)
    assert told == said


@dataclass
class Sessions:
    """Stands for the way to the API server."""

    server: str = "https://127.0.0.1"
    opened: list[float] = field(default_factory=list)

    def open_session(self, **_: Any) -> aiohttp.ClientSession:
        self.opened.append(time.monotonic())
        return aiohttp.ClientSession()


async def test_a_login_that_does_not_help_is_tried_again_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions()
    log_in = Login(cast("Connection", sessions), aiohttp.TraceConfig())
    monkeypatch.setattr(handlers, "LAST_RETRY_SECONDS", 600.0)
    async with asyncio.timeout(30):  # the first time at once
        await (await log_in()).aiohttp_session.close()
    monkeypatch.setattr(handlers, "LAST_RETRY_SECONDS", 0.3)
    for _ in range(2):
        await (await log_in()).aiohttp_session.close()
    first, second, third = sessions.opened
    assert min(second - first, third - second) >= 0.3
