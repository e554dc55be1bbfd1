"""A fleet of simulated devices in one pod, and which of their readings the broker has acknowledged."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.cluster.checkout import kubectl_binary
from e2e.cluster.keeper import tied
from e2e.gateway import Gateway
from e2e.kubernetes import Kubernetes

IMAGE = "edge-stack/edge-device:0.1.0"
LOGIN = ("username", "password", "url", "ca.crt")
DIRECTORY = "/etc/edge/devices"
END_SECONDS = 60.0
PAGE = 1000

ReadingKey = tuple[str, str, int]
"""Device, session and sequence number: what makes a reading the same one."""

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
UNPRIVILEGED = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "fsGroup": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True)
class Fleet:
    """Devices of one site.

    Attributes:
        cluster: where they are.
        namespace: of the site.
        site: its name.
        size: how many there are.
        rate: readings a second of each.
    """

    cluster: Kubernetes
    namespace: str
    site: str
    size: int
    rate: float

    @property
    def devices(self) -> list[str]:
        """Their identifiers."""
        return [f"{self.site}-unit-{number:03d}" for number in range(self.size)]

    def register(self) -> None:
        """Apply an EdgeDevice for each and wait until every one has its login."""
        bodies = [
            {
                "apiVersion": "edge-stack.io/v1alpha1",
                "kind": "EdgeDevice",
                "metadata": {"name": device, "namespace": self.namespace},
                "spec": {"siteRef": {"name": self.site}, "type": "temperature-sensor"},
            }
            for device in self.devices
        ]
        self.cluster.kubectl(
            "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies})
        )
        names = [f"edgedevice/{device}" for device in self.devices]
        self.cluster.kubectl("wait", "-n", self.namespace, *names, "--for=condition=CredentialsReady", "--timeout=60s")

    @contextmanager
    def sending(self, log: Path, *, quiet: bool = False) -> Iterator[None]:
        """Let them send while the context lasts; their output is in `log` afterwards; with `quietly` only the sums."""
        name = f"{self.site}-fleet"
        self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(self._pod(name, "quiet" if quiet else "json")))
        place = ("-n", self.namespace)
        self.cluster.kubectl("wait", *place, f"pod/{name}", "--for=condition=Ready", "--timeout=60s")
        follow = [f"--kubeconfig={self.cluster.kubeconfig}", "logs", *place, "--follow", name]
        with log.open("wb") as file, subprocess.Popen(tied([str(kubectl_binary()), *follow]), stdout=file) as following:
            try:
                yield
            finally:
                self.cluster.kubectl("delete", *place, "pod", name, "--wait=true", "--timeout=60s")
                following.wait(END_SECONDS)

    def acknowledged(self, log: Path) -> set[ReadingKey]:
        """Return the readings that the broker acknowledged."""
        events = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
        return {_key(event["device"], event) for event in events if event.get("event") == "acknowledged"}

    def sum_of(self, log: Path) -> dict[str, int]:
        """Return how many events of each sort there were, as the fleet says at its end."""
        (line,) = [line for line in log.read_text().splitlines() if line.split(" ")[1:2] == ["sum"]]
        return {name: int(value) for name, _, value in (word.partition("=") for word in line.split(" ")[2:])}

    def stored(self, door: Gateway) -> list[ReadingKey]:
        """Return every reading of the fleet that the store has, as often as it has it."""
        return [_key(device, reading) for device in self.devices for reading in _pages(door, device)]

    def _pod(self, name: str, output: str) -> dict[str, Any]:
        sources = [
            {
                "secret": {
                    "name": f"{device}-device-credentials",
                    "items": [{"key": key, "path": f"{device}/{key}"} for key in LOGIN],
                }
            }
            for device in self.devices
        ]
        container = {
            "name": "fleet",
            "image": IMAGE,
            "args": [
                f"--credentials={DIRECTORY}",
                f"--count={self.size}",
                f"--rate={self.rate}",
                f"--output={output}",
            ],
            "securityContext": RESTRICTED,
            "volumeMounts": [{"name": "logins", "mountPath": DIRECTORY, "readOnly": True}],
        }
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": UNPRIVILEGED,
            "containers": [container],
            "volumes": [{"name": "logins", "projected": {"defaultMode": 0o440, "sources": sources}}],
        }
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _key(device: str, facts: dict[str, Any]) -> ReadingKey:
    return device, str(facts["session"]), int(facts["seq"])


def _pages(door: Gateway, device: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = door("GET", f"/devices/{device}/readings?limit={PAGE}{cursor}")
        yield from page["readings"]
        if page.get("next") is None:
            return
        cursor = f"&cursor={page['next']}"
