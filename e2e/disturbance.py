"""Ways in which a component's pods end: killed, deleted in order, evicted by a drain of their node."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
    """A component of a site. All its pods are disturbed at once.

    Attributes:
        cluster: where it is.
        node: on which its pods run.
        namespace: of the site.
        site: its name.
        name: of the component, and of the container of its pods.
    """

    cluster: Kubernetes
    node: Node
    namespace: str
    site: str
    name: str

    @property
    def disturbances(self) -> dict[str, Callable[[], None]]:
        """By name; each begins and returns when all pods are ready, at last all with other containers.

        Raises:
            HarnessError: by the disturbance, if they are not in time.
        """
        ends = {"kill -9": self._kill, "delete": self._delete, "drain": self._drain}
        return {f"{name} {self.name}": partial(self._disturb, end) for name, end in ends.items()}

    def _disturb(self, end: Callable[[list[str]], object]) -> None:
        before = self._await_ready(frozenset())
        end(sorted({pod for pod, _ in before}))
        self._await_ready(before)

    def _await_ready(self, before: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        """Return the containers once all are ready, and none of them is one of `before`."""
        deployment = self.cluster.get("deployment", "-n", self.namespace, f"{self.site}-{self.name}")
        count = int(deployment["spec"]["replicas"])
        found: list[frozenset[tuple[str, int]]] = []

        def are_ready() -> bool:
            found[:] = [self._containers()]
            return len(found[0]) == count and not found[0] & before

        if not wait.until(are_ready, seconds=AGAIN_SECONDS, every=0.5):
            raise HarnessError(f"{self.name} of {self.site} is not ready within {AGAIN_SECONDS:.0f} s: {found[0]}")
        return found[0]

    def _kill(self, pods: list[str]) -> None:
        for pod in pods:
            self.node.kill_container(self.namespace, pod, self.name)

    def _delete(self, pods: list[str]) -> None:
        self.cluster.kubectl(
            "delete", "pod", "-n", self.namespace, *pods, "--wait=true", f"--timeout={KUBECTL_TIMEOUT}"
        )

    def _drain(self, pods: list[str]) -> None:
        """Evict them; the node takes new pods meanwhile: it is the only one, and a budget may want one ready."""
        with ThreadPoolExecutor(1) as one:
            # Their temporary files are in an emptyDir.
            options = (f"--pod-selector={self._selector}", "--delete-emptydir-data", f"--timeout={KUBECTL_TIMEOUT}")
            drained = one.submit(self.cluster.kubectl, "drain", self.node.name, *options)
            wait.until(lambda: drained.done() or not {pod for pod, _ in self._containers()} >= set(pods), seconds=60)
            self.cluster.kubectl("uncordon", self.node.name)
            drained.result()

    def _containers(self) -> frozenset[tuple[str, int]]:
        """Return the pod and the restarts of each ready container."""
        pods: list[dict[str, Any]] = self.cluster.items("pods", "-n", self.namespace, "-l", self._selector)
        return frozenset(
            (pod["metadata"]["name"], each["restartCount"])
            for pod in pods
            for each in pod["status"].get("containerStatuses") or ()
            if each["ready"]
        )

    @property
    def _selector(self) -> str:
        return f"edge-stack.io/site={self.site},app.kubernetes.io/component={self.name}"
