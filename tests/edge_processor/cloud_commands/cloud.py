"""A cloud in this process that sends commands by HTTPS: again until it has their results."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import web

from edge_wire.messages import format_timestamp
from tests.edge_processor.sinks.http.far_end import FarEnd, far_end
from tests.edge_service.waiting import eventually

REPEAT_SECONDS = 1.0
TOKEN = "the-token-of-the-cloud"


def expiring(seconds: float) -> str:
    """Return the time after so many seconds."""
    return format_timestamp(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds))


@dataclass
class Cloud:
    """The state of the far end.

    Attributes:
        end: its server.
        waiting: commands without a result, with the time of the loop at which each is sent again.
        results: by device and command; the last one.
        posts: number of results that arrived.
        sites: values of `Edge-Site` that it got.
        is_ending: whether no request waits any more.
        fails: number of requests that it answers with 503 from now on.
    """

    end: FarEnd
    waiting: dict[tuple[str, str], tuple[float, dict[str, Any]]] = field(default_factory=dict)
    results: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    posts: int = 0
    sites: set[str] = field(default_factory=set)
    is_ending: bool = False
    fails: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def send(
        self,
        device_id: str,
        command_id: str,
        body: Mapping[str, Any] = MappingProxyType({"command": "open"}),
        seconds: float = 60.0,
        **fields: Any,
    ) -> None:
        """Send a command that expires after so many seconds."""
        command = {"device_id": device_id, "command_id": command_id, **body, "expires_at": expiring(seconds)}
        self.waiting[device_id, command_id] = (0.0, command | fields)
        self._more.set()

    async def result(self, device_id: str, command_id: str, seconds: float = 30.0) -> dict[str, Any]:
        """Return the result of a command once it is there."""
        key = device_id, command_id
        await eventually(f"the result of {key}", lambda: key in self.results, seconds)
        return self.results[key]

    async def answer(self, request: web.Request, content: bytes) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        self.sites.add(request.headers.get("Edge-Site", ""))
        if self.fails:
            self.fails -= 1
            return web.Response(status=503, headers={"Retry-After": "0"})
        if request.method == "POST":
            _, _, device_id, command_id, _ = request.path.split("/")
            self.results[device_id, command_id] = json.loads(content)
            self.waiting.pop((device_id, command_id), None)
            self.posts += 1
            return web.Response(status=204)
        return await self._long_poll(float(request.query["wait"].removesuffix("s")))

    async def _long_poll(self, seconds: float) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (now := loop.time()) < end and not self.is_ending:
            due = [key for key, (at, _) in self.waiting.items() if at <= now]
            if due:
                found = [self.waiting[key][1] for key in due]
                self.waiting |= {key: (now + REPEAT_SECONDS, self.waiting[key][1]) for key in due}
                return web.json_response({"commands": found})
            self._more.clear()
            try:
                async with asyncio.timeout(min(end - now, 0.2)):
                    await self._more.wait()
            except TimeoutError:
                continue
        return web.Response(status=204)


@asynccontextmanager
async def cloud(directory: Path) -> AsyncIterator[Cloud]:
    """Run a cloud; its certificate and credentials for it are in `directory`."""
    async with far_end(directory) as end:
        made = Cloud(end)
        end.answer = made.answer
        (directory / "credentials").mkdir(exist_ok=True)
        (directory / "credentials" / "token").write_text(TOKEN)
        (directory / "credentials" / "ca.crt").write_text(end.authority)
        yield made
