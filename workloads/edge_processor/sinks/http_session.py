"""Requests to one HTTP destination: TLS, credentials and proxy. Loads aiohttp: import it only if a sink requires it."""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.http_connect import connected_socket, resolver
from edge_processor.sinks.http_credentials import CredentialFiles, HttpCredentials

CONNECT_SECONDS = 10.0
"""Maximum seconds of the TCP connect with the TLS handshake."""

ANSWER_SECONDS = 60.0
"""Maximum seconds of a request with its answer."""

IDLE_SECONDS = 30.0
"""Seconds that an unused connection is kept."""

MAX_ANSWER_BYTES = 1024 * 1024


class UnreachableError(DeliveryError):
    """There is no connection, by name resolution, TCP, TLS or the proxy: nothing was sent."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer, whatever its status.

    Attributes:
        status: the HTTP status.
        headers: by name, in any case.
        content: the body, at most `MAX_ANSWER_BYTES`.
        is_request_sent: whether the whole body was written to the socket before the answer began; the kernel may hold
            the last megabytes of it.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    is_request_sent: bool


class _Body(aiohttp.BytesPayload):
    """A request's body that notes when it is written."""

    is_sent = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await super().write_with_length(writer, content_length)
        self.is_sent = True


class HttpSession:
    """Sends requests to a destination; an asynchronous context manager.

    Redirects are not followed: they would take the credentials elsewhere. The proxy is that of `HTTPS_PROXY` (or
    `HTTP_PROXY`) and `NO_PROXY`. Messages of errors have the origin only: the path of a webhook may be a secret.

    Args:
        url: of the destination; `path` of a request is appended.
        credentials: read again when a file changes.
        answer_seconds: maximum seconds of a request with its answer.
        connect_seconds: maximum seconds of a connect.
    """

    def __init__(
        self,
        url: str,
        credentials: CredentialFiles,
        answer_seconds: float = ANSWER_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._url = url
        self.credentials = credentials
        parsed = URL(url)
        self.origin = str(parsed.origin())
        self._proxy, self._proxy_headers = _proxy(parsed)
        self._timeout = aiohttp.ClientTimeout(total=answer_seconds, sock_connect=connect_seconds)
        self._client: aiohttp.ClientSession | None = None
        self._shown = HttpCredentials()
        self._tls: ssl.SSLContext | bool = True
        self._problem = ""

    async def __aenter__(self) -> Self:
        """Connections are opened as requests need them."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def request(
        self,
        method: str,
        path: str = "",
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        answer_seconds: float | None = None,
    ) -> HttpReply:
        """Send a request and return its answer, whatever its status.

        Args:
            method: of the request.
            path: appended to the URL of the destination: encoded, perhaps with a query.
            content: the body; None for none.
            headers: of the request; `Authorization` is added.
            answer_seconds: maximum seconds of this request; None for that of the session.

        Raises:
            UnreachableError: there is no connection.
            DeliveryError: there is no answer, or a file of the credentials cannot be used. The destination may have
                received the request.
        """
        self._refresh()
        shown = {"Authorization": self._shown.authorization} if self._shown.authorization else {}
        timeout = self._timeout if answer_seconds is None else _with_total(self._timeout, answer_seconds)
        body = None if content is None else _Body(content)
        try:
            async with self._opened().request(
                method,
                URL(self._url + path, encoded=True),
                data=body,
                headers={**(headers or {}), **shown},
                ssl=self._tls,
                proxy=self._proxy,
                proxy_headers=self._proxy_headers,
                allow_redirects=False,
                timeout=timeout,
            ) as answer:
                is_sent = body is None or body.is_sent
                return HttpReply(answer.status, answer.headers, await self._content(answer), is_sent)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._failure(error) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=resolver(),
                    use_dns_cache=False,
                    keepalive_timeout=IDLE_SECONDS,
                    socket_factory=connected_socket,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._client

    def _refresh(self) -> None:
        """Read the credentials if they have changed. Connections with other authorities are not used again.

        Raises:
            DeliveryError: they cannot be used, since the last change.
        """
        if self.credentials.has_changed():
            self._problem = ""
            try:
                self._shown = self.credentials.read()
                self._tls = ssl.create_default_context(cadata=self._shown.authorities_pem)
            except DeliveryError as error:
                self._problem = str(error)
            except (ssl.SSLError, ValueError) as error:
                self._problem = f"ca.crt for {self.origin} holds no certificates that can be trusted: {error}"
        if self._problem:
            raise DeliveryError(self._problem)

    async def _content(self, answer: aiohttp.ClientResponse) -> bytes:
        received = bytearray()
        async for part in answer.content.iter_any():
            received += part
            if len(received) > MAX_ANSWER_BYTES:
                raise DeliveryError(f"the answer of {self.origin} has more than {MAX_ANSWER_BYTES} bytes")
        return bytes(received)

    def _failure(self, error: Exception) -> DeliveryError:
        match error:
            case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as untrusted):
                return UnreachableError(
                    f"{self.origin} shows a certificate that is not trusted ({untrusted.verify_message}): ca.crt must"
                    " contain the authority that signed it, and the host of the URL must be a name in it"
                )
            case aiohttp.ClientConnectorError(os_error=cause):
                return UnreachableError(f"{self.origin} cannot be reached: {cause.strerror or cause}")
            case aiohttp.ClientHttpProxyError(status=status):
                return UnreachableError(f"the proxy cannot connect to {self.origin}: it answers {status}")
            case aiohttp.ConnectionTimeoutError():
                return UnreachableError(f"{self.origin} cannot be reached: no answer to the connect")
            case TimeoutError():
                return DeliveryError(f"{self.origin} does not answer in time")
        return DeliveryError(f"{self.origin} closed the connection, or its answer is not HTTP ({type(error).__name__})")


def _with_total(timeout: aiohttp.ClientTimeout, total_seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total_seconds, sock_connect=timeout.sock_connect)


def _proxy(url: URL) -> tuple[URL | None, dict[str, str] | None]:
    """Return the proxy for `url` in the environment, and the headers with the login in its URL.

    Not aiohttp's `trust_env`: it also sends the passwords of `.netrc`.
    """
    named = getproxies_environment().get(url.scheme)
    if not named or proxy_bypass_environment(url.host or ""):
        return None, None
    proxy = URL(named)
    if proxy.user is None:
        return proxy, None
    login = base64.b64encode(f"{proxy.user}:{proxy.password or ''}".encode()).decode()
    return proxy.with_user(None), {"Proxy-Authorization": f"Basic {login}"}
