"""Requests to one HTTP destination. Loads aiohttp: import it only if a sink requires it."""

import asyncio
import logging
from collections.abc import Mapping

import aiohttp
from aiohttp.client_reqrep import ClientResponse
from aiohttp.connector import Connection

from edge_processor.sinks.http.answers import Answer
from edge_processor.sinks.http.credentials import Credentials
from edge_processor.sinks.http.endpoint import Endpoint
from edge_processor.sinks.http.errors import CONNECT_SECONDS, failure
from edge_processor.sinks.http.sockets import SentData, open_socket

ANSWER_SECONDS = 20.0
"""Maximum seconds of a request, beside the time for its body."""

SLOWEST_BYTES_PER_SECOND = 4096
"""Rate at which a body must arrive at least."""

IDLE_SECONDS = 55.0
"""Seconds for which an idle connection is kept; servers close them after 60 or more."""

MAX_ANSWER_BYTES = 1024 * 1024
"""Maximum size of an answer; what is beyond is not read."""

logger = logging.getLogger(__name__)


class HttpSession:
    """Sends requests; connections are opened when they are needed, one for each request at a time.

    Redirects are not followed: they would take the credentials elsewhere. Messages of errors have the origin only, and
    no secret.

    Args:
        endpoint: the destination.
        answer_seconds: the time for an answer, beside the time for the body.
    """

    def __init__(self, endpoint: Endpoint, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.endpoint = endpoint
        self._answer_seconds = answer_seconds
        self._client: aiohttp.ClientSession | None = None
        self._generation = -1
        self._is_proven = False

    async def request(
        self,
        method: str,
        path: str = "",
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        answer_seconds: float | None = None,
    ) -> Answer:
        """Send a request and return the answer, of any status.

        A server may close an idle connection while a request is on the way: then it is sent again at once.

        Args:
            method: such as POST.
            path: below the endpoint, without a slash at its begin; perhaps with a query.
            content: the body, as it is sent.
            headers: beside the credentials.
            answer_seconds: the time for this answer; None for that of the session.

        Raises:
            ConnectionFailedError: no complete answer arrived.
            DeliveryError: the credentials cannot be used.
        """
        seconds = self._answer_seconds if answer_seconds is None else answer_seconds
        credentials = self.endpoint.files.read()
        is_kept = self._is_proven and self._generation == self.endpoint.generation
        try:
            try:
                return await self._once(credentials, method, path, content, headers or {}, seconds)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if not is_kept or isinstance(error, aiohttp.ClientConnectorError):
                    raise
                return await self._once(credentials, method, path, content, headers or {}, seconds)
        except Exception as error:
            self._is_proven = False
            if not isinstance(error, aiohttp.ClientError | OSError | ValueError):
                logger.exception("a request to %s failed in an unexpected way", self.endpoint.origin)
            failed = failure(error, self.endpoint.origin, seconds)
            raise type(failed)(credentials.hide(str(failed))) from None

    async def rest(self, seconds: float) -> None:
        """Wait for `seconds`, or until the credentials change."""
        try:
            async with asyncio.timeout(seconds):
                await self.endpoint.files.changed()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        client, self._client = self._client, None
        self._is_proven = False
        if client is not None:
            await client.close()

    async def _once(
        self,
        credentials: Credentials,
        method: str,
        path: str,
        content: bytes,
        headers: Mapping[str, str],
        seconds: float,
    ) -> Answer:
        client = await self._open()
        own = {"Authorization": credentials.authorization} if credentials.authorization else {}
        timeout = aiohttp.ClientTimeout(
            total=seconds + len(content) / SLOWEST_BYTES_PER_SECOND,
            connect=CONNECT_SECONDS,
            sock_connect=CONNECT_SECONDS,
        )
        async with client.request(
            method,
            self.endpoint.url(path),
            data=content or None,
            headers={**headers, **own},
            timeout=timeout,
            allow_redirects=False,
            proxy=self.endpoint.proxy,
            ssl=credentials.context,
        ) as response:
            answer = await _read(response, credentials)
            if not answer.has_received_all and isinstance(response, _Response):
                response.abandon()
        self._is_proven = answer.has_received_all
        return answer

    async def _open(self) -> aiohttp.ClientSession:
        if self._generation != self.endpoint.generation:
            await self.close()
        if self._client is None:
            self._generation = self.endpoint.generation
            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self.endpoint.resolver, keepalive_timeout=IDLE_SECONDS, socket_factory=open_socket, limit=0
                ),
                response_class=_Response,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "Accept": "application/json", "User-Agent": "edge-stack"},
                trust_env=False,
            )
        return self._client


class _Response(ClientResponse):
    """An answer that records whether the request had been received completely."""

    has_received_all = True
    _carrier: asyncio.Transport | None = None

    def abandon(self) -> None:
        """Close the connection at once: the next request must not wait for the rest of this one."""
        self.close()
        if self._carrier is not None:
            self._carrier.abort()

    async def start(self, connection: Connection) -> ClientResponse:
        self._carrier = connection.transport
        sent = SentData(connection.transport.get_extra_info("socket").fileno()) if connection.transport else None
        try:
            return await super().start(connection)
        finally:
            self.has_received_all = sent is None or sent.is_received()


async def _read(response: aiohttp.ClientResponse, credentials: Credentials) -> Answer:
    body = bytearray()
    while len(body) < MAX_ANSWER_BYTES and (part := await response.content.read(MAX_ANSWER_BYTES - len(body))):
        body += part
    return Answer(
        response.status,
        response.reason or "",
        response.headers,
        bytes(body),
        getattr(response, "has_received_all", True),
        credentials.hide,
    )
