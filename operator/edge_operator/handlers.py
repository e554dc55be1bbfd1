"""Kopf: watches the two resources and hands what it sees to the stores. The only file that imports kopf."""

import asyncio
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import kopf

from edge_operator.control.cache.resource_cache import ResourceCache

from .api.schema import GROUP, VERSION
from .cluster.connection import Connection

SERVER_TIMEOUT_SECONDS = 300
CHUNK = 500
CONNECTIONS = 10
RETRY_SECONDS = (0.5, 1, 2, 3, 5, 5)
LAST_RETRY_SECONDS = 5
CONNECT_SECONDS, REQUEST_SECONDS = 10, 60

logger = logging.getLogger(__name__)


class EndlessBackoffs:
    """Pauses between attempts to reach the API server, without end: Kopf would otherwise stop the process."""

    def __iter__(self) -> Iterator[float]:
        """Yield the pauses of one request, in seconds."""
        return itertools.chain(RETRY_SECONDS, itertools.repeat(LAST_RETRY_SECONDS))


@dataclass(frozen=True, slots=True)
class Feed:
    """What Kopf tells of one resource, brought into the operator's own loop: Kopf has a thread and a loop of its own.

    In ours it would take the signals for itself, and at its end cancel every task that was begun after it.

    Attributes:
        plural: the resource.
        resources: what the events are put into.
        listed: called when Kopf has listed: it never tells of what was deleted before, nor that there is nothing.
        opened: called when the API server streams to Kopf from now on.
        loop: the operator's loop, in which everything above is called.
    """

    plural: str
    resources: ResourceCache[Any]
    listed: Callable[[], None]
    opened: Callable[[], None]
    loop: asyncio.AbstractEventLoop

    def take(self, event: kopf.RawEvent) -> None:
        """Take one event; called by Kopf."""
        self.loop.call_soon_threadsafe(_take, event, self.resources)

    async def answered(self, _session: Any, _context: Any, asked: aiohttp.TraceRequestEndParams) -> None:
        """Take note of an answer; called by aiohttp in Kopf's loop."""
        if not asked.response.ok or asked.url.name != self.plural:
            return
        self.loop.call_soon_threadsafe(self.opened if "watch" in asked.url.query else self.listed)


def _take(event: kopf.RawEvent, resources: ResourceCache[Any]) -> None:
    body = event["object"]
    if event["type"] == "DELETED":
        # Kopf keeps the order of one object's events alone: its successor of the same name may be here already.
        resources.delete((body["metadata"]["namespace"], body["metadata"]["name"]), body["metadata"]["uid"])
        return
    resources.put(body)


class Login:
    """Gives Kopf a session, and a new one where the API server does not take the credentials of the last.

    Kopf asks again at once and without end, and so would the API server be asked as fast as it answers.

    Args:
        connection: how Kopf reaches the API server.
        trace: told of its requests.
    """

    def __init__(self, connection: Connection, trace: aiohttp.TraceConfig) -> None:
        self._connection = connection
        self._trace = trace
        self._last = -math.inf

    async def __call__(self) -> kopf.AiohttpSession:
        """Return a session, LAST_RETRY_SECONDS after the last at the soonest."""
        await asyncio.sleep(max(0.0, self._last + LAST_RETRY_SECONDS - time.monotonic()))
        self._last = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        session = self._connection.open_session(limit=CONNECTIONS, timeout=timeout, trace=self._trace)
        return kopf.AiohttpSession(server=self._connection.server, aiohttp_session=session)


def build_registry(connection: Connection, feed: Feed) -> kopf.OperatorRegistry:
    """Return the handlers of one resource; they decide nothing.

    Args:
        connection: how Kopf reaches the API server.
        feed: what it tells.
    """
    registry = kopf.OperatorRegistry()
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(feed.answered)
    log_in = Login(connection, trace)

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return await log_in()

    @kopf.on.event(GROUP, VERSION, feed.plural, registry=registry)
    async def take(event: kopf.RawEvent, **_: Any) -> None:
        feed.take(event)

    return registry


def _configure(settings: kopf.OperatorSettings) -> None:
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.watching.server_timeout = SERVER_TIMEOUT_SECONDS
    settings.watching.client_timeout = SERVER_TIMEOUT_SECONDS + 10
    settings.watching.connect_timeout = settings.networking.connect_timeout = CONNECT_SECONDS
    settings.networking.request_timeout = REQUEST_SECONDS
    settings.watching.chunk_size = CHUNK
    settings.networking.error_backoffs = EndlessBackoffs()
    settings.networking.enforce_retry_after = True
    settings.queueing.idle_timeout = 1


async def watch_resources(connection: Connection, feeds: Sequence[Feed], namespaces: Sequence[str]) -> None:
    """Run a Kopf for each feed until cancelled.

    Raises:
        Exception: one ended by itself, as it does where its CRD has been deleted; the others have been ended.
    """
    registries = [build_registry(connection, feed) for feed in feeds]
    stop = threading.Event()
    try:
        await asyncio.to_thread(asyncio.run, _watch(registries, namespaces, stop))
    finally:
        stop.set()


async def _watch(registries: list[kopf.OperatorRegistry], namespaces: Sequence[str], stop: threading.Event) -> None:
    """Run a Kopf for each registry, until `stop` is set or one of them ends.

    One Kopf for both resources would never end where a watch fails: it stops no other watch (`orchestrator` of
    Kopf 1.45.2), and a watch that is cancelled with everything else takes that for a pause and goes on.
    """
    for end in await asyncio.gather(*(_run(each, namespaces, stop) for each in registries), return_exceptions=True):
        if isinstance(end, BaseException):
            raise end


async def _run(registry: kopf.OperatorRegistry, namespaces: Sequence[str], stop: threading.Event) -> None:
    try:
        await kopf.operator(
            registry=registry,
            clusterwide=not namespaces,
            namespaces=tuple(namespaces),
            stop_flag=stop,
        )
    finally:
        # A thread of this loop waits for it, and the loop ends only after its threads; the other one ends with it.
        stop.set()
