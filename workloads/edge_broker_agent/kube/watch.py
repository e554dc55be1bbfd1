"""An endless watch of one Secret: list, stream, resume, and list again after 410 Gone."""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from edge_broker_agent.kube.account import Account
from edge_broker_agent.kube.http import Answer, AnswerError, get
from edge_broker_agent.metrics import AgentMetrics
from edge_pacing.backoff import Backoff
from edge_service.logs import about

LIST_SECONDS = 10.0
SERVER_TIMEOUT_SECONDS = 300
INACTIVITY_SECONDS = 90.0
"""The server sends a bookmark about once a minute, so a stream silent for longer is dead."""
STEADY_SECONDS = 5.0
MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""A Secret has a MiB at most, and a third more in base64."""

OK, GONE = 200, 410
"""HTTP status. 410: the resource version is too old, so the watch starts again with a list."""

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """Receives the content of watched Secrets."""

    def on_secret(self, name: str, data: Mapping[str, str] | None) -> None:
        """Handle the current `data` of the Secret `name`; None if there is no such Secret."""


class RefusedError(Exception):
    """The API server refused the request with `status`; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class SecretWatch:
    """Reports every change of one Secret to a sink.

    Args:
        account: the service account.
        namespace: of the Secret.
        name: of the Secret.
        sink: receives the content.
        metrics: count restarts.
    """

    def __init__(self, account: Account, namespace: str, name: str, sink: Sink, metrics: AgentMetrics) -> None:
        self._account = account
        self._path = f"/api/v1/namespaces/{quote(namespace, safe='')}/secrets"
        self._name = name
        self._sink = sink
        self._metrics = metrics
        self._version: str | None = None

    async def run(self) -> None:
        """Watch until cancelled, whatever the server answers."""
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        while True:
            begun_at = loop.time()
            cause = await self._follow()
            self._metrics.watch_restarts.labels(cause).inc()
            if loop.time() - begun_at >= STEADY_SECONDS:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    async def _follow(self) -> str:
        """List if necessary and stream until the stream ends; return the cause of its end in one word."""
        try:
            if self._version is None:
                await self._list()
            await self._stream()
        except RefusedError as error:
            if error.status == GONE:
                self._version = None
                return "gone"
            logger.warning("the API server refuses the watch: %s", error, extra=about("Secret", self._name))
            return "refused"
        except TimeoutError:
            return "silent"
        except (OSError, AnswerError) as error:
            logger.warning("the API server cannot be reached: %s", error, extra=about("Secret", self._name))
            return "unreachable"
        except (ValueError, KeyError, TypeError, AttributeError):
            # An event may be lost: list again.
            logger.exception("the API server's answer cannot be read", extra=about("Secret", self._name))
            self._version = None
            return "unreadable"
        return "ended"

    async def _list(self) -> None:
        async with get(self._account, self._query(), LIST_SECONDS) as answer:
            listed = json.loads(await _whole(answer))
        items = listed.get("items") or ()
        self._version = listed["metadata"]["resourceVersion"]
        self._sink.on_secret(self._name, _data(items[0]) if items else None)

    async def _stream(self) -> None:
        # Spread the restarts: there is a watch for each shard.
        seconds = random.randint(SERVER_TIMEOUT_SECONDS * 3 // 4, SERVER_TIMEOUT_SECONDS)  # noqa: S311 - no secret
        query = self._query(
            watch="true", allowWatchBookmarks="true", resourceVersion=str(self._version), timeoutSeconds=str(seconds)
        )
        async with get(self._account, query, INACTIVITY_SECONDS) as answer:
            if answer.status != OK:
                await _whole(answer)
            async for line in _lines(answer.body):
                self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        obj = event["object"]
        if event["type"] == "ERROR":
            raise RefusedError(int(obj.get("code") or 0), str(obj.get("message")))
        match event["type"]:
            case "ADDED" | "MODIFIED":
                self._sink.on_secret(self._name, _data(obj))
            case "DELETED":
                self._sink.on_secret(self._name, None)
        self._version = obj["metadata"]["resourceVersion"]

    def _query(self, **parameters: str) -> str:
        # With a field selector: the Role grants these Secrets by name, and RBAC allows a watch only in this form.
        return f"{self._path}?{urlencode({'fieldSelector': f'metadata.name={self._name}', **parameters})}"


def _data(secret: dict[str, Any]) -> dict[str, str]:
    return dict(secret.get("data") or {})


async def _whole(answer: Answer) -> bytes:
    """Return the content of an answer.

    Raises:
        RefusedError: the status is not 200.
    """
    content = bytearray()
    async for part in answer.body:
        content += part
        _refuse_endless(content)
    if answer.status != OK:
        raise RefusedError(answer.status, f"{answer.status}: {_message(content)}")
    return bytes(content)


def _message(content: bytes | bytearray) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode("utf-8", "replace")


async def _lines(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = bytearray()
    async for part in parts:
        rest += part
        _refuse_endless(rest)
        *complete, last = rest.split(b"\n")
        rest = last
        for line in complete:
            if line.strip():
                yield bytes(line)


def _refuse_endless(content: bytearray) -> None:
    if len(content) > MAX_RESPONSE_BYTES:
        raise AnswerError(f"the answer is longer than {MAX_RESPONSE_BYTES} bytes, which no Secret is")
