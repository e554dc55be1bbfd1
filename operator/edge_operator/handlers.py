"""Kopf: watches the two resources and hands what it sees to the stores. The only file that imports kopf."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import aiohttp
import kopf

from .api.schema import GROUP, VERSION
from .cluster.connection import Connection
from .control.heal import Healer, Healers
from .control.knowledge import Knowledge
from .control.resources import ResourceStore

SERVER_TIMEOUT_SECONDS = 300
CHUNK = 500
CONNECTIONS = 10
RETRY_SECONDS = (0.5, 1, 2, 3, 5, 5)
LAST_RETRY_SECONDS = 5

logger = logging.getLogger(__name__)


class EndlessBackoffs:
    """Pauses between attempts to reach the API server, without end: Kopf would otherwise stop the process."""

    def __iter__(self) -> Iterator[float]:
        """Yield the pauses of one request, in seconds."""
        return itertools.chain(RETRY_SECONDS, itertools.repeat(LAST_RETRY_SECONDS))


def build_registry(
    connection: Connection, knowledge: Knowledge, healers: Healers, heard: Callable[[], None]
) -> kopf.OperatorRegistry:
    """Return the handlers that feed the stores; handlers decide nothing.

    Args:
        connection: how Kopf reaches the API server.
        knowledge: what the events are put into.
        healers: told when Kopf lists anew.
        heard: called when the API server has answered a request of Kopf.
    """
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        timeout = aiohttp.ClientTimeout(total=60)
        session = connection.open_session(limit=CONNECTIONS, timeout=timeout, trace=_on_answer(heard))
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=session)

    @kopf.on.event(GROUP, VERSION, "edgesites", registry=registry)
    async def take_site(event: kopf.RawEvent, **_: Any) -> None:
        _take(event, knowledge.sites, healers.sites)

    @kopf.on.event(GROUP, VERSION, "edgedevices", registry=registry)
    async def take_device(event: kopf.RawEvent, **_: Any) -> None:
        _take(event, knowledge.devices, healers.devices)

    return registry


def _take(event: kopf.RawEvent, resources: ResourceStore[Any], healer: Healer) -> None:
    body = event["object"]
    if event["type"] == "DELETED":
        resources.drop((body["metadata"]["namespace"], body["metadata"]["name"]))
        return
    if event["type"] is None:
        healer.relisted()
    resources.put(body)


def _on_answer(heard: Callable[[], None]) -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()

    async def answered(*_: Any) -> None:
        heard()

    trace.on_request_end.append(answered)
    return trace


def _configure(settings: kopf.OperatorSettings) -> None:
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.watching.server_timeout = SERVER_TIMEOUT_SECONDS
    settings.watching.client_timeout = SERVER_TIMEOUT_SECONDS + 10
    settings.watching.connect_timeout = 10
    settings.watching.chunk_size = CHUNK
    settings.networking.error_backoffs = EndlessBackoffs()
    settings.networking.enforce_retry_after = True
    settings.queueing.idle_timeout = 1


async def watch_resources(
    registry: kopf.OperatorRegistry,
    namespaces: Sequence[str],
    stop: asyncio.Event,
    on_started: Callable[[], None],
) -> None:
    """Run Kopf until `stop` is set.

    Raises:
        Exception: Kopf ended by itself, as it does where a CRD has been deleted.
    """
    started = asyncio.Event()
    notice = asyncio.create_task(_when(started, on_started))
    try:
        await kopf.operator(
            registry=registry,
            clusterwide=not namespaces,
            namespaces=tuple(namespaces),
            stop_flag=stop,
            ready_flag=started,
        )
    finally:
        notice.cancel()


async def _when(flag: asyncio.Event, then: Callable[[], None]) -> None:
    await flag.wait()
    then()
