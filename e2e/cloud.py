"""The cloud of a demo: the receiver of examples/cloud-receiver as a process of this machine, and the way to it."""

import json
import secrets
import ssl
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from e2e.cluster import wait
from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.files import write_atomically
from e2e.cluster.keeper import Keeper
from e2e.cluster.ports import free_ports
from edge_operator.identity.certificates import authority_certificate, broker_certificate, period_of

NAME = "cloud-receiver"
AUTHORITY = "demo-cloud"
PROGRAM = ROOT / "examples" / "cloud-receiver"
START_SECONDS = 30.0
ANSWER_SECONDS = 10.0
PAGE = 10_000
"""Maximum number of readings in an answer of the receiver."""


@dataclass(frozen=True)
class CloudReceiver:
    """The receiver, under a directory of its own; it continues until the directory's daemons are ended.

    Attributes:
        directory: of its database, certificate and token.
        address: of this machine, as pods reach it.
    """

    directory: Path
    address: str

    @property
    def endpoint(self) -> str:
        """Its URL, as spec.cloud.endpoint has it."""
        return f"https://{self.address}:{self.port}"

    @property
    def port(self) -> int:
        """Its port, the same for all its starts."""
        return int((self.directory / "port").read_text())

    @property
    def secret(self) -> dict[str, str]:
        """The content of the Secret that the site needs: `token` and `ca.crt`."""
        files = {"token": "token", "ca.crt": "ca.crt"}
        return {key: (self.directory / name).read_text() for key, name in files.items()}

    def start(self) -> None:
        """Start it, unless it runs; returns when it answers.

        Raises:
            HarnessError: it does not; the message has the end of its log.
        """
        self._prepare()
        environment = [
            f"CLOUD_RECEIVER_DATABASE={self.directory / 'cloud.db'}",
            f"CLOUD_RECEIVER_TOKEN_FILE={self.directory / 'token'}",
        ]
        place = ["--host", self.address, "--port", str(self.port)]
        tls = ["--ssl-certfile", str(self.directory / "tls.crt"), "--ssl-keyfile", str(self.directory / "tls.key")]
        command = ["/usr/bin/env", *environment, sys.executable, str(PROGRAM), *place, *tls]
        self._keeper.start(NAME, command)
        if not wait.until(lambda: self._keeper.find(NAME) is None or self._answers(), seconds=START_SECONDS):
            raise HarnessError(f"the cloud receiver does not answer at {self.endpoint}")
        if self._keeper.find(NAME) is None:
            raise HarnessError(f"the cloud receiver has ended: {self._keeper.log_tail(NAME)}")

    def ask(self, path: str) -> Any:
        """Return the decoded answer to a GET.

        Raises:
            OSError: there is none.
        """
        request = urllib.request.Request(  # noqa: S310 - always https, to an address of this machine
            f"{self.endpoint}{path}", headers={"Authorization": f"Bearer {self.secret['token']}"}
        )
        trust = ssl.create_default_context(cadata=self.secret["ca.crt"])
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS, context=trust) as answer:  # noqa: S310
            return json.load(answer)

    def offsets(self, site: str, device_id: str) -> set[int]:
        """Return the offsets of the newest readings of a device that have arrived; `site` is `namespace/name`."""
        query = urllib.parse.urlencode({"site": site, "device": device_id, "limit": PAGE})
        return {reading["offset"] for reading in self.ask(f"/readings?{query}")}

    @property
    def _keeper(self) -> Keeper:
        return Keeper(self.directory, tied=False)

    def _answers(self) -> bool:
        try:
            self.ask("/stats")
        except OSError:
            return False
        return True

    def _prepare(self) -> None:
        if (self.directory / "port").exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        root, (port,) = secrets.token_bytes(32), free_ports(1)
        made = broker_certificate(root, AUTHORITY, [self.address], period_of(datetime.now(UTC)))
        files = {
            "ca.crt": authority_certificate(root, AUTHORITY),
            "tls.crt": made.certificate,
            "tls.key": made.key,
            "token": secrets.token_urlsafe(32),
        }
        for name, content in files.items():
            write_atomically(self.directory / name, content)
        # Written last: the others are complete if it is there.
        write_atomically(self.directory / "port", str(port))


@dataclass(frozen=True)
class Uplink:
    """The way of pods to one port of this machine, cut by a rule of the node's packet filter.

    Attributes:
        run: runs a command in the network of the node.
        address: of the far end.
        port: of the far end.
    """

    run: Callable[..., object]
    address: str
    port: int

    def cut(self) -> None:
        """Drop every packet to the far end: also those of open connections."""
        self.run("iptables", "-I", "FORWARD", *self._packets())

    def restore(self) -> None:
        """Let packets pass again."""
        self.run("iptables", "-D", "FORWARD", *self._packets())

    def _packets(self) -> list[str]:
        return ["-d", self.address, "-p", "tcp", "--dport", str(self.port), "-j", "DROP"]
