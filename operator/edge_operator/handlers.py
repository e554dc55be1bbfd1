"""Kopf: watches the two resources and hands what it sees to the stores. The only file that imports kopf."""

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Feed:
    """What Kopf tells, brought into the operator's own loop: Kopf runs in a thread and a loop of its own.

    In ours it would take the signals for itself, and at its end cancel every task that was begun after it.

    Attributes:
        loop: the operator's loop, in which everything below is called.
        knowledge: what the events are put into.
        healers: told when Kopf lists anew.
        heard: called when the API server has answered a request of Kopf.
        begun: called once Kopf watches.
    """

    loop: asyncio.AbstractEventLoop
    knowledge: Knowledge
    healers: Healers
    heard: Callable[[], None]
    begun: Callable[[], None]

    def take(self, event: kopf.RawEvent, resources: ResourceStore[Any], healer: Healer) -> None:
        """Take one event; called by Kopf."""
        self.loop.call_soon_threadsafe(_take, event, resources, healer)

    async def answered(self, *_: Any) -> None:
        """Take note of an answer; called by aiohttp in Kopf's loop."""
        self.loop.call_soon_threadsafe(self.heard)

    def started(self, watches: "Sequence[Future[None]]") -> None:
        """Take note that one of `watches` has begun; called by Kopf."""
        if all(watch.done() for watch in watches):
            self.loop.call_soon_threadsafe(self.begun)


def _take(event: kopf.RawEvent, resources: ResourceStore[Any], healer: Healer) -> None:
    body = event["object"]
    if event["type"] == "DELETED":
        # Kopf keeps the order of one object's events alone: its successor of the same name may be here already.
        resources.drop((body["metadata"]["namespace"], body["metadata"]["name"]), body["metadata"]["uid"])
        return
    if event["type"] is None:
        healer.relisted()
    resources.put(body)


def build_registries(connection: Connection, feed: Feed) -> list[kopf.OperatorRegistry]:
    """Return the handlers that feed the stores, a registry for each resource; handlers decide nothing.

    Args:
        connection: how Kopf reaches the API server.
        feed: what it tells.
    """
    knowledge, healers = feed.knowledge, feed.healers
    return [
        _registry("edgesites", connection, feed, knowledge.sites, healers.sites),
        _registry("edgedevices", connection, feed, knowledge.devices, healers.devices),
    ]


def _registry(
    plural: str, connection: Connection, feed: Feed, resources: ResourceStore[Any], healer: Healer
) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(feed.answered)

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        session = connection.open_session(limit=CONNECTIONS, timeout=aiohttp.ClientTimeout(total=60), trace=trace)
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=session)

    @kopf.on.event(GROUP, VERSION, plural, registry=registry)
    async def take(event: kopf.RawEvent, **_: Any) -> None:
        feed.take(event, resources, healer)

    return registry


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


async def watch_resources(connection: Connection, feed: Feed, namespaces: Sequence[str]) -> None:
    """Run Kopf until cancelled.

    Raises:
        Exception: Kopf ended by itself, as it does where a CRD has been deleted.
    """
    stop = threading.Event()
    try:
        await asyncio.to_thread(asyncio.run, _watch(connection, feed, namespaces, stop))
    finally:
        stop.set()


async def _watch(connection: Connection, feed: Feed, namespaces: Sequence[str], stop: threading.Event) -> None:
    """Run a Kopf for each resource, until `stop` is set or one of them ends.

    One Kopf for both would never end where a watch fails: it stops no other watch (`orchestrator` of Kopf 1.45.2),
    and a watch that is cancelled with everything else takes that for a pause and goes on.
    """
    running, started = [], list[Future[None]]()
    for registry in build_registries(connection, feed):
        ready = Future[None]()
        ready.add_done_callback(lambda _: feed.started(started))
        started.append(ready)
        running.append(asyncio.create_task(_run(registry, namespaces, stop, ready)))
    for end in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(end, BaseException):
            raise end


async def _run(
    registry: kopf.OperatorRegistry, namespaces: Sequence[str], stop: threading.Event, ready: "Future[None]"
) -> None:
    try:
        await kopf.operator(
            registry=registry,
            clusterwide=not namespaces,
            namespaces=tuple(namespaces),
            stop_flag=stop,
            ready_flag=ready,
        )
    finally:
        # A thread of this loop waits for it, and the loop ends only after its threads; the other one ends with it.
        stop.set()
