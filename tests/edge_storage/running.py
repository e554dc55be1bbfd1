"""The store as a real process, and what tests ask of it."""

import asyncio
import base64
import io
import json
import os
import resource
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import aiohttp

from e2e.cluster.keeper import tied

RECEIVED_AT = "2026-01-31T12:00:00.000Z"
SECONDS = 30.0


class RunningStore:
    """Starts, kills and asks a store in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = ""
        self.lines: list[dict[str, Any]] = []
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.end(signal.SIGKILL)

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        environment = os.environ | {
            "HOST": "127.0.0.1",
            "PORT": "0",
            "INGEST_PORT": "0",
            "STORAGE_PATH": str(self.directory),
        }
        self._process = await asyncio.create_subprocess_exec(
            *tied([sys.executable, "-m", "edge_storage"]), env=environment, stderr=PIPE
        )
        listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(listening))
        async with asyncio.timeout(SECONDS):
            self.url = await listening

    async def end(self, signum: signal.Signals) -> int:
        """Send `signum` and return the exit code."""
        self.process.send_signal(signum)
        async with asyncio.timeout(SECONDS):
            code = await self.process.wait()
        assert self._reading is not None
        await self._reading
        return code

    def limit_files(self, size: int) -> None:
        """Let no file grow beyond `size` bytes: to the process this is a disk that is full."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    async def _read(self, listening: "asyncio.Future[str]") -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            said = json.loads(line)
            self.lines.append(said)
            if said["message"].startswith("listening on ") and not listening.done():
                listening.set_result(said["message"].removeprefix("listening on "))
        if not listening.done():
            listening.set_exception(RuntimeError(f"the store did not start: {self.lines}"))


def message(device_id: str, payload: Any) -> dict[str, Any]:
    """Return one message as `POST /v1/readings` takes it."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {"device_id": device_id, "payload": base64.b64encode(raw).decode()}


def request(*messages: dict[str, Any], token: int | None = None) -> dict[str, Any]:
    """Return the body of `POST /v1/readings`."""
    return {"token": token, "location": "hall", "received_at": RECEIVED_AT, "messages": list(messages)}


async def ask(http: aiohttp.ClientSession, method: str, url: str, body: Any = None) -> tuple[int, Any]:
    """Return the status and the JSON of the answer."""
    raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    async with http.request(method, url, data=None if raw is None else io.BytesIO(raw)) as response:
        content = await response.read()
        return response.status, json.loads(content) if content else None


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Return once `check` holds; it has `seconds` for that."""
    for _ in range(int(seconds / 0.05)):
        if await check():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")
