"""A destination by HTTPS at work, with the files that kubelet mounts."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest

from edge_processor.sinks.cloud.https import HttpsCloud
from edge_processor.sinks.cloud.https.lines.body import Source
from edge_processor.sinks.http.credentials import CredentialFiles
from edge_processor.sinks.http.endpoint import Endpoint
from tests.edge_processor.sinks.cloud.secret import MountedSecret
from tests.support.cloud import TOKEN, Authority, ReceiverProcess

LOG_ID = "0123456789abcdef" * 2

Running = Callable[..., AbstractAsyncContextManager[HttpsCloud]]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that the site trusts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secret(tmp_path: Path, authority: Authority) -> MountedSecret:
    """The credentials of the site, as they are mounted."""
    mounted = MountedSecret(tmp_path / "credentials")
    mounted.write({"token": TOKEN, "ca.crt": authority.ca.read_text()})
    return mounted


@pytest.fixture
def receiver(tmp_path: Path, authority: Authority) -> Iterator[ReceiverProcess]:
    """The example receiver; its tests are marked as they start a process."""
    process = ReceiverProcess(tmp_path / "receiver", authority, settings={"PATH": os.environ["PATH"]})
    try:
        yield process.start().await_ready()
    finally:
        process.kill()


@pytest.fixture
def running(secret: MountedSecret) -> Running:
    """Run a destination: `async with running(url)`."""

    @asynccontextmanager
    async def run(
        url: str,
        *,
        sync_interval: float = 300.0,
        answer_seconds: float = 20.0,
        environment: Mapping[str, str] | None = None,
        log_id: str = LOG_ID,
    ) -> AsyncIterator[HttpsCloud]:
        endpoint = Endpoint(url, CredentialFiles(secret.directory), environment or {})
        cloud = HttpsCloud(endpoint, Source("plant/berlin", log_id), sync_interval, answer_seconds)
        task = asyncio.create_task(cloud.run())
        try:
            yield cloud
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return run
