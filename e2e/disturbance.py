"""Ways in which a component's pod ends: killed, deleted in order, evicted by a drain of its node."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from e2e.cluster import wait
from e2e.cluster.errors import HarnessError
from e2e.cluster.node.node import Node
from e2e.kubernetes import Kubernetes

AGAIN_SECONDS = 120.0
KUBECTL_TIMEOUT = "100s"


@dataclass(frozen=True)
class Component:
    """A component of a site with one pod of one container, which is disturbed.

    Attributes:
        cluster: where it is.
        node: on which its pod runs.
        namespace: of the site.
        site: its name.
        name: of the component, and of its container.
    """

    cluster: Kubernetes
    node: Node
    namespace: str
    site: str
    name: str

    @property
    def disturbances(self) -> dict[str, Callable[[], None]]:
        """By name; each returns when another container of the component is ready.

        Raises:
            HarnessError: by the disturbance, if none is in time.
        """
        return {f"{name} {self.name}": partial(self._disturb, end) for name, end in self._ends.items()}

    @property
    def _ends(self) -> dict[str, Callable[[str], object]]:
        return {"kill -9": self._kill, "delete": self._delete, "drain": self._drain}

    def _disturb(self, end: Callable[[str], object]) -> None:
        before = self._ready()
        if before is None:
            raise HarnessError(f"{self.name} of {self.site} is not ready")
        end(before[0])
        if not wait.until(lambda: self._ready() not in {None, before}, seconds=AGAIN_SECONDS, every=0.5):
            raise HarnessError(f"{self.name} of {self.site} is not ready again within {AGAIN_SECONDS:.0f} s")

    def _kill(self, pod: str) -> None:
        self.node.kill_container(self.namespace, pod, self.name)

    def _delete(self, pod: str) -> None:
        self.cluster.kubectl("delete", "pod", "-n", self.namespace, pod, "--wait=true", f"--timeout={KUBECTL_TIMEOUT}")

    def _drain(self, _pod: str) -> None:
        try:
            self.cluster.kubectl(
                "drain", self.node.name, f"--pod-selector={self._selector}", f"--timeout={KUBECTL_TIMEOUT}"
            )
        finally:
            self.cluster.kubectl("uncordon", self.node.name)

    def _ready(self) -> tuple[str, int] | None:
        """Return the name and the restarts of the pod, None while there is not exactly one ready pod."""
        pods: list[dict[str, Any]] = self.cluster.items("pods", "-n", self.namespace, "-l", self._selector)
        ready = [(pod["metadata"]["name"], each["restartCount"]) for pod in pods for each in _containers(pod)]
        return ready[0] if len(ready) == len(pods) == 1 else None

    @property
    def _selector(self) -> str:
        return f"edge-stack.io/site={self.site},app.kubernetes.io/component={self.name}"


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    statuses: list[dict[str, Any]] = pod["status"].get("containerStatuses") or []
    return [each for each in statuses if each["ready"]]
