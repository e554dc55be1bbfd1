"""The story that `make demo` plays and scenarios begin with: images, chart, site, devices, readings, alert, command."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.steps import Steps
from e2e.gateway import Gateway
from e2e.images.build import ensure_images
from e2e.images.catalogue import NAMES
from e2e.kubernetes import Kubernetes
from e2e.tools.helm import NAMESPACE, Helm
from edge_operator.api.conditions import find_condition

EXAMPLES = ROOT / "examples"
ROLLOUT = "180s"
SITE_SECONDS = 300.0
DEVICE_SECONDS = 120.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Story:
    """Plays on one cluster with a node.

    Attributes:
        cluster: the cluster.
        load_image: brings an archive of an image into it.
        steps: where it says what happens.
    """

    cluster: Kubernetes
    load_image: Callable[[Path], None]
    steps: Steps

    def bring_images(self, names: Iterable[str] = NAMES) -> None:
        """Build what is not built yet, and bring it into the cluster."""
        for name, archive in ensure_images(names).items():
            self.load_image(archive)
            self.steps.say(f"image {name}: {archive.stat().st_size / 1e6:.0f} MB, in the cluster")

    def install(self, *arguments: str) -> None:
        """Install the chart and wait until both operators are ready.

        Raises:
            HarnessError: helm gives up.
        """
        self.cluster.home.mkdir(parents=True, exist_ok=True)
        self.cluster.make_namespace(NAMESPACE)
        Helm(self.cluster.home, self.cluster.kubeconfig).install("--wait", "--timeout", ROLLOUT, *arguments)
        self.steps.say(f"helm install edge-stack charts/edge-stack: the operator runs in {NAMESPACE}")

    def apply(self, namespace: str, example: str) -> None:
        """Apply a file of examples/."""
        self.cluster.kubectl("apply", "-n", namespace, "-f", str(EXAMPLES / example))
        self.steps.say(f"kubectl apply -f examples/{example}")

    def await_ready(self, namespace: str, site: str) -> float:
        """Tell each change of a site's components until it is Ready; the seconds that it took.

        Raises:
            HarnessError: it is not in time; with what it says of itself.
        """
        begun, told = time.monotonic(), ""
        while time.monotonic() - begun < SITE_SECONDS:
            status = self.cluster.get("edgesite", "-n", namespace, site).get("status") or {}
            now = f"EdgeSite {site}: {status.get('phase', 'waits')}, {_counts(status)}"
            if now != told:
                self.steps.say(now)
                told = now
            if status.get("phase") == "Ready":
                return time.monotonic() - begun
            time.sleep(LOOK_SECONDS)
        raise HarnessError(f"EdgeSite {namespace}/{site} is not Ready after {SITE_SECONDS:.0f} s: {_complaint(status)}")

    def await_readings(self, door: Gateway, device_id: str) -> dict[str, Any]:
        """Return the newest reading of a device once there is one."""
        found: list[dict[str, Any]] = self._eventually(f"a reading of {device_id}", lambda: door.readings(device_id, 1))
        return found[0]

    def await_newer(self, door: Gateway, device_id: str, offset: int) -> None:
        """Return once the store has a reading of the device that came after the one at `offset`."""
        self._eventually(
            f"a reading of {device_id} after offset {offset}",
            lambda: any(reading["offset"] > offset for reading in door.readings(device_id, 1)),
        )

    def await_alert(self, door: Gateway, device_id: str) -> dict[str, Any]:
        """Return the newest alert of a device once there is one."""
        path = f"/alerts?device_id={device_id}&limit=1"
        found: list[dict[str, Any]] = self._eventually(f"an alert of {device_id}", lambda: door("GET", path)["alerts"])
        return found[0]

    def command(self, door: Gateway, device_id: str, command: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its answer once the device has given one."""
        body = {"command": command, "params": params}
        answer: dict[str, Any] = door("POST", f"/devices/{device_id}/command?wait=10s", body)
        return answer

    def _eventually(self, what: str, ask: Callable[[], Any]) -> Any:
        end = time.monotonic() + DEVICE_SECONDS
        while True:
            try:
                if answer := ask():
                    return answer
                said = "none yet"
            except HarnessError as error:
                said = str(error)
            if time.monotonic() > end:
                raise HarnessError(f"no {what} within {DEVICE_SECONDS:.0f} s: {said}")
            time.sleep(LOOK_SECONDS)


def _counts(status: dict[str, Any]) -> str:
    parts = [f"{part['name']} {part['ready']}/{part['desired']}" for part in status.get("components") or ()]
    return " ".join(parts) or "nothing made yet"


def _complaint(status: dict[str, Any]) -> str:
    return str(find_condition(status, "Ready").get("message", "no operator has looked at it"))
