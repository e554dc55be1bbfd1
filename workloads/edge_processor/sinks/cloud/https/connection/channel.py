"""One connection to the server; a request on it has one answer or fails."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.client_reqrep import ClientResponse
from aiohttp.connector import Connection

from edge_processor.sinks.cloud.https.connection.credentials import Credentials
from edge_processor.sinks.cloud.https.connection.endpoint import Endpoint
from edge_processor.sinks.cloud.https.connection.errors import CONNECT_SECONDS, described
from edge_processor.sinks.cloud.https.connection.sockets import SentData, open_socket
from edge_processor.sinks.cloud.https.failure import ConnectionFailedError

ANSWER_SECONDS = 20.0
"""Maximum seconds of a request, beside the time for its body."""

SLOWEST_BYTES_PER_SECOND = 4096
"""Rate at which a body must arrive at least."""

IDLE_SECONDS = 55.0
"""Seconds for which an idle connection is kept; servers close them after 60 or more."""

MAX_ANSWER_BYTES = 1024 * 1024
"""Maximum size of an answer; what is beyond is not read."""


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server.

    Attributes:
        status: HTTP status.
        reason: text of the status line.
        headers: case-insensitive.
        body: at most `MAX_ANSWER_BYTES`.
        has_received_all: whether the server had received the complete request when it answered.
        hide: removes the secrets of the request from a text.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    has_received_all: bool = True
    hide: Callable[[str], str] = str


class Channel:
    """A connection that is opened when it is needed.

    Args:
        endpoint: the server.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None
        self._generation = -1
        self._is_proven = False

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Send a request and return the answer, of any status.

        A server may close an idle connection while a request is on the way: then it is sent again at once.

        Args:
            method: such as POST.
            path: below the endpoint, without a slash at its begin.
            headers: beside the credentials.
            body: as it is sent.
            seconds: the time for the answer, beside the time for the body.

        Raises:
            ConnectionFailedError: no complete answer arrived.
        """
        is_kept = self._is_proven and self._generation == self._endpoint.generation
        try:
            try:
                return await self._once(method, path, headers, body, seconds)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if not is_kept or isinstance(error, aiohttp.ClientConnectorError):
                    raise
                return await self._once(method, path, headers, body, seconds)
        except ConnectionFailedError:
            raise
        except Exception as error:
            if not isinstance(error, aiohttp.ClientError | OSError | ValueError):
                logger.exception("a request to the cloud failed in an unexpected way")
            text = described(error, self._endpoint.address, seconds)
            raise ConnectionFailedError(self._endpoint.hide(text)) from None

    async def close(self) -> None:
        """Close the connection."""
        session, self._session = self._session, None
        self._is_proven = False
        if session is not None:
            await session.close()

    async def _once(self, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
        session, credentials = await self._open(), self._endpoint.credentials()
        own = {"Authorization": credentials.authorization} if credentials.authorization else {}
        timeout = aiohttp.ClientTimeout(
            total=seconds + len(body) / SLOWEST_BYTES_PER_SECOND, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
        )
        is_complete = False
        try:
            async with session.request(
                method,
                self._endpoint.url(path),
                data=body or None,
                headers={**headers, **own},
                timeout=timeout,
                allow_redirects=False,
                proxy=self._endpoint.proxy,
                ssl=credentials.context,
            ) as response:
                answer = await _read(response, credentials)
                is_complete = answer.has_received_all
        finally:
            if not is_complete:  # the next request does not wait for the rest of this one
                await self.close()
        self._is_proven = is_complete
        return answer

    async def _open(self) -> aiohttp.ClientSession:
        if self._generation != self._endpoint.generation:
            await self.close()
        if self._session is None:
            self._generation = self._endpoint.generation
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self._endpoint.resolver,
                    keepalive_timeout=IDLE_SECONDS,
                    limit=1,
                    socket_factory=open_socket,
                ),
                response_class=_Response,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "Accept": "application/json", "User-Agent": "edge-stack"},
                trust_env=False,
            )
        return self._session


class _Response(ClientResponse):
    """An answer that records whether the request had been received completely."""

    has_received_all = True

    async def start(self, connection: Connection) -> ClientResponse:
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
