"""The connection to the API server: address, trust and credentials, from a kubeconfig or inside a pod."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
import yaml
from kubernetes import client, config


class ConnectionConfigError(Exception):
    """Neither a kubeconfig nor a service account contains the address of the API server."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Parameters of the connection to one API server.

    Attributes:
        server: base URL, such as `https://10.0.0.1:6443`.
        user_agent: name of this client in the API server's audit log.
        ssl: trusted authorities, and the client certificate if there is one.
        authorization: returns the value of the header, or None. Called for each request, because tokens rotate.
        proxy: URL of the proxy, or None. Determined once: with aiohttp's `trust_env` each request would cost two
            look-ups in a thread.
    """

    server: str
    user_agent: str
    ssl: ssl.SSLContext
    authorization: Callable[[], str | None]
    proxy: str | None = None

    def open_session(
        self, *, limit: int, timeout: aiohttp.ClientTimeout, trace: aiohttp.TraceConfig | None = None
    ) -> aiohttp.ClientSession:
        """Return a session of at most `limit` connections (0: no limit); the caller closes it."""
        return aiohttp.ClientSession(
            base_url=self.server,
            connector=aiohttp.TCPConnector(limit=limit, ssl=self.ssl),
            headers={"User-Agent": self.user_agent},
            middlewares=(self._authorize,),
            timeout=timeout,
            trace_configs=[trace] if trace else [],
            proxy=self.proxy,
        )

    async def _authorize(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        try:
            value = self.authorization()
        except (config.ConfigException, OSError, ValueError) as error:
            raise aiohttp.ClientError(f"no credentials for the API server: {error}") from error
        if value:
            request.headers["Authorization"] = value
        return await handler(request)


def load_connection(user_agent: str) -> Connection:
    """Return the connection of `$KUBECONFIG`, of `~/.kube/config`, or of the pod's service account.

    Raises:
        ConnectionConfigError: none of them exists and is valid.
    """
    configuration = client.Configuration()
    try:
        config.load_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        context = _trust(configuration)
    except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, AttributeError) as error:
        # The last two are how the client takes a file that is YAML but no kubeconfig.
        raise ConnectionConfigError(
            f"cannot reach the API server: {error}. Set KUBECONFIG, or run in a pod with a service account token."
        ) from error

    def authorization() -> str | None:
        value: str | None = configuration.get_api_key_with_prefix("BearerToken")
        return value

    return Connection(configuration.host, user_agent, context, authorization, _proxy(configuration))


def _trust(configuration: client.Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _proxy(configuration: client.Configuration) -> str | None:
    host = urlsplit(configuration.host).hostname or ""
    return None if proxy_bypass(host) else configuration.proxy
