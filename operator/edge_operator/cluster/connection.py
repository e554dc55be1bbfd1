"""How the API server is reached: address, trust and credentials, from a kubeconfig or from inside a pod."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from kubernetes import client, config

USER_AGENT = "edge-operator"


class ConnectionConfigError(Exception):
    """Neither a kubeconfig nor a service account says where the API server is."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one API server.

    Attributes:
        server: base URL, such as `https://10.0.0.1:6443`.
        ssl: trust, and the client certificate if there is one.
        authorization: the value of the header, or None. Asked for each request: tokens rotate.
    """

    server: str
    ssl: ssl.SSLContext
    authorization: Callable[[], str | None]

    def open_session(
        self, *, limit: int, timeout: aiohttp.ClientTimeout, trace: aiohttp.TraceConfig | None = None
    ) -> aiohttp.ClientSession:
        """Return a session of at most `limit` connections (0: no limit); the caller closes it."""
        return aiohttp.ClientSession(
            base_url=self.server,
            connector=aiohttp.TCPConnector(limit=limit, ssl=self.ssl),
            headers={"User-Agent": USER_AGENT},
            middlewares=(self._authorize,),
            timeout=timeout,
            trace_configs=[trace] if trace else [],
            trust_env=True,
        )

    async def _authorize(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if value := self.authorization():
            request.headers["Authorization"] = value
        return await handler(request)


def load_connection() -> Connection:
    """Return the connection of `$KUBECONFIG`, of `~/.kube/config`, or of the pod's service account.

    Raises:
        ConnectionConfigError: none of them is there or usable.
    """
    configuration = client.Configuration()
    try:
        config.load_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        raise ConnectionConfigError(
            f"no way to the API server: {error}. Set KUBECONFIG, or run in a pod with a service account token."
        ) from error
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE

    def authorization() -> str | None:
        value: str | None = configuration.get_api_key_with_prefix("authorization")
        return value

    return Connection(configuration.host, context, authorization)
