"""The far end of a site: the example receiver as a process, with TLS by an authority of its own."""

import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import orjson

from e2e.cluster.checkout import ROOT
from edge_operator.identity.certificates import authority_certificate, broker_certificate, period_of
from tests.support.child import HOST, START_SECONDS, Child
from tests.support.processes import eventually

FOLDER = ROOT / "examples/cloud-receiver"
TOKEN = "the-token-of-the-site"
HOSTS = (HOST, "localhost", "cloud.example.com")


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and a certificate of a server by it.

    Attributes:
        directory: has `ca.crt`, `tls.crt` and `tls.key`.
        root: its secret; another one is another authority.
    """

    directory: Path
    root: bytes = b"r" * 32

    def __post_init__(self) -> None:
        """Write the files."""
        made = broker_certificate(self.root, "cloud/receiver", HOSTS, period_of(datetime.now(UTC)))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ca.write_text(authority_certificate(self.root, "cloud/receiver"))
        self.certificate.write_text(made.certificate)
        self.key.write_text(made.key)

    @property
    def ca(self) -> Path:
        """The certificate of the authority."""
        return self.directory / "ca.crt"

    @property
    def certificate(self) -> Path:
        """The certificate of the server."""
        return self.directory / "tls.crt"

    @property
    def key(self) -> Path:
        """Its key."""
        return self.directory / "tls.key"

    def server_context(self) -> ssl.SSLContext:
        """Return the context of a server with the certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass
class ReceiverProcess(Child):
    """`examples/cloud-receiver` as a process.

    Attributes:
        directory: has its database, its token and its log.
        authority: of its certificate.
        wanted_port: where it listens; 0 for a free one.
        settings: more environment variables.
    """

    listening = r"running on https://[^:]+:([0-9]+)"

    directory: Path
    authority: Authority
    wanted_port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        """Return what is run."""
        tls = ["--ssl-certfile", str(self.authority.certificate), "--ssl-keyfile", str(self.authority.key)]
        return [sys.executable, str(FOLDER), "--port", str(self.wanted_port), *tls]

    def variables(self) -> dict[str, str]:
        """Return its whole environment."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.token_file.exists():
            self.token_file.write_text(TOKEN)
        return {
            "CLOUD_RECEIVER_DATABASE": str(self.directory / "cloud.db"),
            "CLOUD_RECEIVER_TOKEN_FILE": str(self.token_file),
            **self.settings,
        }

    @property
    def token_file(self) -> Path:
        """The token that it accepts."""
        return self.directory / "token"

    @property
    def log(self) -> Path:
        """What it logged, over all its starts."""
        return self.directory / "receiver.log"

    @property
    def url(self) -> str:
        """The endpoint of sites."""
        return f"https://{HOST}:{self.port}"

    def await_ready(self) -> "ReceiverProcess":
        """Return once it answers; it keeps its port over restarts."""
        eventually(f"{self.log} ready", lambda: self.port and self.call("GET", "/stats")[0], START_SECONDS)
        self.wanted_port = self.port
        return self

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Return status and JSON of one of its routes; status 0 if it does not answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            f"{self.url}{path}",
            body or None,
            {"Authorization": f"Bearer {self.token_file.read_text().strip()}", **named},
            method=method,
        )
        context = ssl.create_default_context(cafile=str(self.authority.ca))
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                return answer.status, _json(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _json(error.read())
        except (OSError, HTTPException):
            return 0, None

    def stats(self) -> dict[str, Any]:
        """Return how much it has."""
        status, found = self.call("GET", "/stats")
        assert status == 200, found
        return dict(found)

    def offsets(self, site: str) -> list[int]:
        """Return the offsets of a site's readings, at most 10,000 of them, in order."""
        status, found = self.call("GET", f"/readings?site={site}&limit=10000")
        assert status == 200, found
        return sorted(each["offset"] for each in found)


def _json(body: bytes) -> Any:
    return orjson.loads(body) if body else None
