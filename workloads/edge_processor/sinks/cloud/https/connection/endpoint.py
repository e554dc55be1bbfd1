"""The server of the cloud: its address, the way to it, and the credentials for it."""

from collections.abc import Mapping

from yarl import URL

from edge_processor.sinks.cloud.https.connection.credentials import CredentialFiles, Credentials
from edge_processor.sinks.cloud.https.connection.proxy import proxy_for
from edge_processor.sinks.cloud.https.connection.resolver import Resolver
from edge_processor.sinks.cloud.https.failure import ConnectionFailedError


class Endpoint:
    """What all connections to the cloud share.

    Args:
        endpoint: the URL of CLOUD_ENDPOINT.
        files: the credentials.
        environment: variables with the proxy.

    Attributes:
        address: host and port, for messages.
        proxy: URL of the proxy; None for a direct connection.
        resolver: of names.
        generation: number of times that existing connections became unusable.

    Raises:
        ValueError: `endpoint` is not such a URL; the message has no secret.
    """

    def __init__(self, endpoint: str, files: CredentialFiles, environment: Mapping[str, str]) -> None:
        self._url = _url(endpoint)
        host, port = self._url.host or "", self._url.port or 0
        self._files = files
        self.address = f"{self._url.host_subcomponent}:{port}"
        self.proxy = proxy_for(host, port, environment)
        self.resolver = Resolver()
        self.generation = 0

    def url(self, path: str) -> URL:
        """Return the URL of a path below the endpoint; the endpoint's query is kept."""
        target, _, query = path.partition("?")
        return self._url.joinpath(target).with_query(self._url.query).update_query(query)

    def credentials(self) -> Credentials:
        """Return the credentials of the files.

        Raises:
            ConnectionFailedError: they cannot be used.
        """
        return self._files.read()

    def refresh(self) -> bool:
        """Return whether the credentials have changed since the last call; then connections are opened again."""
        if not self._files.has_changed():
            return False
        self.generation += 1
        return True

    def hide(self, text: str) -> str:
        """Return `text` without secrets."""
        try:
            return self.credentials().hide(text)
        except ConnectionFailedError:
            return text


def _url(endpoint: str) -> URL:
    try:
        url = URL(endpoint)
    except ValueError:
        url = URL()
    if url.scheme != "https" or not url.host or url.fragment:
        raise ValueError("CLOUD_ENDPOINT must be a URL such as https://ingest.example.com/edge")
    if url.raw_user is not None or url.raw_password is not None:
        raise ValueError("CLOUD_ENDPOINT must not have a password: put it into the Secret of the credentials")
    return url
