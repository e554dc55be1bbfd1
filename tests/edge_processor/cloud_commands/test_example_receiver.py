"""A command from the example receiver to a device and back: both keep to the same contract."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from e2e.cluster.ports import free_ports
from edge_operator.identity.certificates import authority_certificate
from tests.edge_processor.cloud_commands.conftest import CommandedSite
from tests.edge_processor.sinks.http.far_end import HOST, NAME, server_context
from tests.support.mosquitto import ROOT
from tests.support.sources import ROOT as REPOSITORY

RECEIVER = REPOSITORY / "examples/cloud-receiver"
TOKEN = "the-token-of-the-cloud"
SECONDS = 30.0

pytestmark = pytest.mark.skipif(not RECEIVER.exists(), reason="there is no example receiver yet")


@contextmanager
def receiver(directory: Path) -> Iterator[str]:
    """Run the receiver; yield its URL."""
    (port,) = free_ports(1)
    server_context(directory)
    pem = str(directory / "server.pem")
    words = ["--port", str(port), "--ssl-certfile", pem, "--ssl-keyfile", pem]
    environment = {
        "PATH": os.environ["PATH"],
        "CLOUD_RECEIVER_TOKEN": TOKEN,
        "CLOUD_RECEIVER_DATABASE": str(directory / "receiver.db"),
    }
    process = subprocess.Popen([sys.executable, str(RECEIVER), *words], env=environment)
    try:
        yield f"https://{HOST}:{port}"
    finally:
        process.kill()
        process.wait(SECONDS)


async def ask(url: str, method: str, path: str, **options: Any) -> Any:
    """Return the JSON of an answer; None while there is none."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url + path, headers=headers, ssl=False, **options) as answer,
        ):
            return await answer.json() if answer.ok else None
    except aiohttp.ClientError:
        return None


async def until(url: str, path: str, member: str) -> Any:
    """Return the member of a document once it has a value."""
    async with asyncio.timeout(SECONDS):
        while not (found := (await ask(url, "GET", path) or {}).get(member)):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.1)
    return found


async def test_a_command_of_the_example_receiver(commanded: CommandedSite, tmp_path: Path) -> None:
    commanded.allow("d1")
    credentials = tmp_path / "for-the-cloud"
    credentials.mkdir()
    (credentials / "token").write_text(TOKEN)
    (credentials / "ca.crt").write_text(authority_certificate(ROOT, NAME))
    with receiver(tmp_path) as url:
        await exchange(commanded, url, credentials)


async def exchange(commanded: CommandedSite, url: str, credentials: Path) -> None:
    """Send a command and one that is refused, by the receiver at `url`."""
    async with (
        commanded.device("d1", {"status": "ok", "result": {"took": 3}}) as device,
        commanded.device("d2", {"status": "ok"}),
    ):
        commanded.processor(url, credentials).start()
        async with asyncio.timeout(SECONDS):
            while await ask(url, "GET", "/stats") is None:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.1)
        command = {"site": "ns/hall", "device_id": "d1", "command": "open", "params": {"to": 5}}
        sent = await ask(url, "POST", "/commands", json=command)
        path = f"/commands/d1/{sent['command_id']}"
        assert await until(url, path, "result") == {"state": "Acked", "status": "ok", "result": {"took": 3}}
        assert [each["params"] for each in device.got] == [{"to": 5}]
        refused = await ask(url, "POST", "/commands", json=command | {"device_id": "nobody"})
        result = await until(url, f"/commands/nobody/{refused['command_id']}", "result")
        assert (result["state"], result["reason"]) == ("Refused", "DeviceNotFound")
