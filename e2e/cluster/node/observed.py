"""What the API server says of the node: ready for work, and not stale from before a power cut."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from e2e.cluster.node.addons import DEPLOYMENTS, NAMESPACE
from e2e.cluster.request import Requester


@dataclass(frozen=True)
class Observed:
    """Asks about one node."""

    requester: Requester
    name: str

    def ready(self, boot_id: str) -> bool:
        """Whether the kubelet of this boot has reported the node Ready."""
        node = self.requester.json(f"/api/v1/nodes/{self.name}")
        if not node or node["status"]["nodeInfo"]["bootID"] != boot_id:
            return False
        return is_ready(node)

    def addons_ready(self) -> bool:
        """Whether the name server and the provisioner are shown as ready."""
        pods = self.requester.json(f"/api/v1/namespaces/{NAMESPACE}/pods") or {"items": []}
        ready = [pod["metadata"]["name"] for pod in pods["items"] if is_ready(pod)]
        return all(any(name.startswith(f"{addon}-") for name in ready) for addon in DEPLOYMENTS)

    def is_newer(self, cut: datetime) -> bool:
        """Whether no container is shown as running that a power cut ended, and the addons are ready again."""
        everything = self.requester.json("/api/v1/pods")
        if not everything or not self.addons_ready():
            return False
        # The API's times are whole seconds.
        return all(began >= cut.replace(microsecond=0) for began in started(everything["items"]))


def is_ready(shown: Mapping[str, Any]) -> bool:
    """Whether a pod or a node is shown as ready."""
    conditions = shown["status"].get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def started(pods: list[Mapping[str, Any]]) -> Iterator[datetime]:
    """When each container that is shown as running began."""
    for pod in pods:
        for status in pod["status"].get("containerStatuses") or ():
            if running := status["state"].get("running"):
                yield datetime.fromisoformat(running["startedAt"])
