"""A watch that never ends: list, stream, resume, and list again if the resourceVersion is too old."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from edge_operator.desired.kinds import ChildKind, Watched
from edge_operator.telemetry.metrics import Metrics
from edge_pacing.backoff import Backoff

from .client import decode
from .errors import ApiError
from .objects import collection_path
from .pages import items, pages

SERVER_TIMEOUT_SECONDS = 300
INACTIVITY_SECONDS = 75.0
"""The API server sends a bookmark about once a minute, so a stream without data for longer is dead."""
RELIST_SECONDS = 600.0
"""Time after the last list from which a stream that ends is followed by a list, which corrects missed events."""
MIN_BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 10.0
STEADY_SECONDS = 5.0
"""A watch that lasted this long resets the backoff."""

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """Receives the objects of a watch."""

    def prune(self, kind: ChildKind, namespace: str | None, listed: Container[tuple[str, str]], version: str) -> None:
        """Handle the end of a list: at resourceVersion `version` only the objects in `listed` existed.

        Args:
            kind: the kind that was listed.
            namespace: the namespace; None for all.
            listed: namespace and name of each object; all have been put.
            version: resourceVersion of the list; objects that are older and not in it do not exist any more.
        """
        ...

    def put(self, kind: ChildKind, obj: dict[str, Any]) -> object:
        """Handle an object that was added or changed."""
        ...

    def delete(self, kind: ChildKind, obj: dict[str, Any]) -> None:
        """Handle an object that was deleted, or does not match the selector any more."""
        ...


@dataclass(frozen=True, slots=True)
class Selection:
    """The objects of one watch.

    Attributes:
        kind: kind of the objects.
        namespace: namespace of the objects; None for all.
        labels: label selector.
    """

    kind: ChildKind
    namespace: str | None
    labels: str

    @property
    def path(self) -> str:
        """URL path of the collection."""
        return collection_path(self.kind.api_version, self.kind.plural, self.namespace)

    def accept(self, list_or_item: str) -> str:
        """Return the `Accept` header: for whole objects, or for their metadata only."""
        if self.kind.watched is Watched.FULL:
            return "application/json"
        return f"application/json;as={list_or_item};g=meta.k8s.io;v=v1"


class Watch:
    """Keeps a sink consistent with a selection of objects.

    Args:
        session: session without a total timeout.
        selection: the objects to watch.
        sink: receives the objects.
        metrics: counts restarts.
        clock: monotonic clock, in seconds.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        selection: Selection,
        sink: Sink,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._selection = selection
        self._sink = sink
        self._metrics = metrics
        self._clock = clock
        self._resource_version: str | None = None
        self._received_at = self._listed_at = clock()
        self.synced = asyncio.Event()

    @property
    def kind(self) -> ChildKind:
        """The kind that is watched."""
        return self._selection.kind

    @property
    def age(self) -> float:
        """Seconds since the last data from the API server."""
        return self._clock() - self._received_at

    async def run(self) -> None:
        """Watch until cancelled. No response of the API server ends it."""
        backoff = Backoff(MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS)
        while True:
            begun_at = self._clock()
            cause = await self._follow()
            self._metrics.watch_restarts.labels(self.kind.kind, cause).inc()
            if self._clock() - begun_at >= STEADY_SECONDS:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    async def _follow(self) -> str:
        """List if necessary and stream until the stream ends; return the cause for the metrics."""
        try:
            if self._resource_version is None or self._clock() > self._listed_at + RELIST_SECONDS:
                await self._list()
            await self._stream()
        except ApiError as error:
            self._received_at = self._clock()
            if error.gone:
                self._resource_version = None
                return "gone"
            logger.warning("watch of %s failed: %s", self.kind.kind, error)
            return "refused"
        except TimeoutError:
            return "silent"
        except (aiohttp.ClientError, OSError) as error:
            logger.warning("watch of %s failed: %s: %s", self.kind.kind, type(error).__name__, error)
            return "unreachable"
        except Exception:
            # An event may be lost: the next list corrects the cache.
            logger.exception("watch of %s: cannot decode the server's response; listing again", self.kind.kind)
            self._resource_version = None
            return "unreadable"
        return "ended"

    async def _list(self) -> None:
        listed: set[tuple[str, str]] = set()
        version = ""
        async for page in pages(self._page, {"labelSelector": self._selection.labels}):
            version = page["metadata"]["resourceVersion"]
            for obj in items(page):
                self._sink.put(self.kind, obj)
                listed.add((obj["metadata"]["namespace"], obj["metadata"]["name"]))
        self._received_at = self._clock()
        self._listed_at = self._received_at
        self._resource_version = version
        self._sink.prune(self.kind, self._selection.namespace, listed, version)
        self.synced.set()

    async def _page(self, params: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Accept": self._selection.accept("PartialObjectMetadataList")}
        timeout = aiohttp.ClientTimeout(total=60)
        async with self._session.get(self._selection.path, params=params, headers=headers, timeout=timeout) as response:
            return await decode(response)

    async def _stream(self) -> None:
        params = {
            "labelSelector": self._selection.labels,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": str(self._resource_version),
            "timeoutSeconds": str(SERVER_TIMEOUT_SECONDS),
        }
        headers = {"Accept": self._selection.accept("PartialObjectMetadata")}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=INACTIVITY_SECONDS)
        async with self._session.get(self._selection.path, params=params, headers=headers, timeout=timeout) as response:
            if not response.ok:
                await decode(response)
            self._received_at = self._clock()
            async for line in _lines(response.content):
                self._handle(json.loads(line))

    def _handle(self, event: dict[str, Any]) -> None:
        self._received_at = self._clock()
        obj = event["object"]
        if event["type"] == "ERROR":
            code = obj.get("code")
            raise ApiError.of(code if isinstance(code, int) else 0, obj, None)
        match event["type"]:
            case "ADDED" | "MODIFIED":
                self._sink.put(self.kind, obj)
            case "DELETED":
                self._sink.delete(self.kind, obj)
        self._resource_version = obj["metadata"]["resourceVersion"]


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a stream, however long: aiohttp's own line reader has a limit."""
    rest = b""
    async for chunk in content.iter_any():
        *complete, rest = (rest + chunk).split(b"\n")
        for line in complete:
            if line.strip():
                yield line
