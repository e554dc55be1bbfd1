"""An HTTP destination: its address, the way to it, and the credentials for it."""

import os
from collections.abc import Mapping
from pathlib import Path

from yarl import URL

from edge_processor.sinks.http.credentials import CredentialFiles
from edge_processor.sinks.http.proxy import proxy_for
from edge_processor.sinks.http.resolver import Resolver


class Endpoint:
    """What all sessions with a destination share.

    Args:
        url: of the destination.
        files: the credentials.
        environment: variables with the proxy.

    Attributes:
        origin: of the URL, for messages: its path may be a secret.
        files: the credentials.
        proxy: URL of the proxy; None for a direct connection.
        resolver: of names.
        generation: number of times that existing connections became unusable.

    Raises:
        ValueError: `url` is not the URL of a server; the message has no part of it.
    """

    def __init__(self, url: str, files: CredentialFiles, environment: Mapping[str, str] = os.environ) -> None:
        self._text = url.strip()
        self._url = _parsed(self._text)
        self.origin = str(self._url.origin())
        self.files = files
        self.proxy = proxy_for(self._url, environment)
        self.resolver = Resolver()
        self.generation = 0

    def url(self, path: str) -> URL:
        """Return the URL of a path below the destination, perhaps with a query; the URL's own query is kept.

        Args:
            path: without a slash at its begin; empty for the URL itself.
        """
        if not path:
            return URL(self._text, encoded=True)
        target, _, query = path.partition("?")
        return self._url.joinpath(target).with_query(self._url.query).update_query(query)

    def reopen(self) -> None:
        """Open connections again: existing ones may be lost."""
        self.generation += 1


def endpoint_of(setting: str, url: str | None, directory: Path | None) -> Endpoint:
    """Return the destination of a setting.

    Args:
        setting: its name.
        url: its value.
        directory: of the credentials; None without any.

    Raises:
        ValueError: it is not the URL of a server; the message has no part of it.
    """
    try:
        return Endpoint(url or "", CredentialFiles(directory))
    except ValueError as error:
        raise ValueError(f"{setting} {error}") from None


def _parsed(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host or url.fragment:
        raise ValueError("must be a URL such as https://ingest.example.com/edge")
    if url.raw_user is not None or url.raw_password is not None:
        raise ValueError("must not have a password: put it into the Secret of the credentials")
    return url
