"""Kopf: watches the two custom resources and stores them in the caches. The only module that imports kopf."""

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
from .cluster.pages import PAGE_SIZE

SERVER_TIMEOUT_SECONDS = 300
CONNECTIONS = 10
RETRY_SECONDS = (0.5, 1, 2, 3, 5, 5)
LAST_RETRY_SECONDS = 5
CONNECT_SECONDS, REQUEST_SECONDS = 10, 60

logger = logging.getLogger(__name__)


class EndlessBackoffs:
    """Pauses between attempts to reach the API server, without end: otherwise Kopf would stop the process."""

    def __iter__(self) -> Iterator[float]:
        """Yield the pauses of one request, in seconds."""
        return itertools.chain(RETRY_SECONDS, itertools.repeat(LAST_RETRY_SECONDS))


@dataclass(frozen=True, slots=True)
class Feed:
    """Passes the events of one resource from Kopf to the operator's event loop.

    Kopf has a thread and a loop of its own. In the operator's loop, Kopf would handle the signals and, at its end,
    cancel every task that was started after it.

    Attributes:
        plural: the resource.
        resources: cache that stores the events' objects.
        on_listed: called when Kopf has listed, because Kopf does not report objects that were deleted before.
        on_opened: called when the API server begins a stream.
        loop: the operator's loop, in which everything above is called.
    """

    plural: str
    resources: ResourceCache[Any]
    on_listed: Callable[[], None]
    on_opened: Callable[[], None]
    loop: asyncio.AbstractEventLoop

    def on_event(self, event: kopf.RawEvent) -> None:
        """Pass on one event; called by Kopf."""
        self.loop.call_soon_threadsafe(_store, event, self.resources)

    async def on_request_end(self, _session: Any, _context: Any, asked: aiohttp.TraceRequestEndParams) -> None:
        """Pass on a response of the API server; called by aiohttp in Kopf's loop."""
        if not asked.response.ok or asked.url.name != self.plural:
            return
        self.loop.call_soon_threadsafe(self.on_opened if "watch" in asked.url.query else self.on_listed)


def _store(event: kopf.RawEvent, resources: ResourceCache[Any]) -> None:
    body = event["object"]
    if event["type"] == "DELETED":
        # Kopf orders the events of one object only: another object of this name may have been stored already.
        resources.delete((body["metadata"]["namespace"], body["metadata"]["name"]), body["metadata"]["uid"])
        return
    resources.put(body)


class Login:
    """Creates the sessions of Kopf, and a new one if the API server rejects the credentials of the last.

    Kopf asks again at once and without end, so the sessions are rate-limited here.

    Args:
        connection: connection to the API server.
        trace: traces the requests of the sessions.
    """

    def __init__(self, connection: Connection, trace: aiohttp.TraceConfig) -> None:
        self._connection = connection
        self._trace = trace
        self._last = -math.inf

    async def __call__(self) -> kopf.AiohttpSession:
        """Return a session, LAST_RETRY_SECONDS after the last one at the earliest."""
        await asyncio.sleep(max(0.0, self._last + LAST_RETRY_SECONDS - time.monotonic()))
        self._last = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        session = self._connection.open_session(limit=CONNECTIONS, timeout=timeout, trace=self._trace)
        return kopf.AiohttpSession(server=self._connection.server, aiohttp_session=session)


def build_registry(connection: Connection, feed: Feed) -> kopf.OperatorRegistry:
    """Return the handlers of one resource; they make no decisions.

    Args:
        connection: connection to the API server.
        feed: receives the events.
    """
    registry = kopf.OperatorRegistry()
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(feed.on_request_end)
    log_in = Login(connection, trace)

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return await log_in()

    @kopf.on.event(GROUP, VERSION, feed.plural, registry=registry)
    async def on_event(event: kopf.RawEvent, **_: Any) -> None:
        feed.on_event(event)

    return registry


def _configure(settings: kopf.OperatorSettings) -> None:
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.watching.server_timeout = SERVER_TIMEOUT_SECONDS
    settings.watching.client_timeout = SERVER_TIMEOUT_SECONDS + 10
    settings.watching.connect_timeout = settings.networking.connect_timeout = CONNECT_SECONDS
    settings.networking.request_timeout = REQUEST_SECONDS
    settings.watching.chunk_size = PAGE_SIZE
    settings.networking.error_backoffs = EndlessBackoffs()
    settings.networking.enforce_retry_after = True
    settings.queueing.idle_timeout = 1


async def watch_resources(connection: Connection, feeds: Sequence[Feed], namespaces: Sequence[str]) -> None:
    """Run a Kopf for each feed until cancelled.

    Raises:
        Exception: one of them ended, as it does if its CRD is deleted; the others have been stopped.
    """
    registries = [build_registry(connection, feed) for feed in feeds]
    stop = threading.Event()
    try:
        await asyncio.to_thread(asyncio.run, _watch(registries, namespaces, stop))
    finally:
        stop.set()


async def _watch(registries: list[kopf.OperatorRegistry], namespaces: Sequence[str], stop: threading.Event) -> None:
    """Run a Kopf for each registry, until `stop` is set or one of them ends.

    One Kopf for both resources would not end if a watch fails: it stops no other watch (`orchestrator` of Kopf
    1.45.2), and a watch that is cancelled with everything else treats that as a pause and continues.
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
        # A thread of this loop waits for it, and the loop ends only after its threads. The other Kopf ends too.
        stop.set()
