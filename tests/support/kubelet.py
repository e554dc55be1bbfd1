"""A node without a kubelet: its pods are as ready as the test says, and the real controllers count them."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.processes import eventually
from tests.support.rawapi import MERGE, RawApi, RawApiError

NODES = "/api/v1/nodes"


class Kubelet:
    """Binds pods to a node and reports them ready.

    Args:
        api: the API server.
        namespace: where the pods are.
        node: name of the node.
    """

    def __init__(self, api: RawApi, namespace: str, node: str) -> None:
        self._api = api
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._node = node

    def pods(self, site: str, component: str | None = None) -> list[dict[str, Any]]:
        """Return the pods of a site, or of one of its components."""
        labels = f"app.kubernetes.io/instance={site}"
        if component is not None:
            labels += f",app.kubernetes.io/component={component}"
        listed: list[dict[str, Any]] = self._api("GET", self._pods, labelSelector=labels)["items"]
        return [pod for pod in listed if "deletionTimestamp" not in pod["metadata"]]

    def run(self, site: str, count: int) -> None:
        """Wait for so many pods of the site, and report them all ready."""
        pods: list[dict[str, Any]] = eventually(
            f"{count} pods of {site}", lambda: (found := self.pods(site)) and len(found) == count and found
        )
        for pod in pods:
            self._run(pod)

    def lose(self, site: str, component: str) -> None:
        """Remove one ready pod of a component."""
        pod = next(pod for pod in self.pods(site, component) if pod["spec"].get("nodeName"))
        self._api("DELETE", f"{self._pods}/{pod['metadata']['name']}", {"gracePeriodSeconds": 0})

    def report(self, pod: str, *, ready: bool, container: dict[str, Any]) -> None:
        """Report the state of a pod's container."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = [
            {"type": aspect, "status": str(ready), "lastTransitionTime": now} for aspect in ("Ready", "ContainersReady")
        ]
        base = {"image": "i", "imageID": "", "ready": ready, "restartCount": 0}
        status = {"phase": "Running", "conditions": told, "containerStatuses": [base | container]}
        self._api("PATCH", f"{self._pods}/{pod}/status", {"status": status}, content_type=MERGE)

    def _run(self, pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        if not pod["spec"].get("nodeName"):
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}}
            target = {"apiVersion": "v1", "kind": "Node", "name": self._node}
            self._api("POST", f"{self._pods}/{name}/binding", binding | {"target": target})
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions = [
            {"type": aspect, "status": "True", "lastTransitionTime": now} for aspect in ("Ready", "ContainersReady")
        ]
        status = {"phase": "Running", "conditions": conditions}
        self._api("PATCH", f"{self._pods}/{name}/status", {"status": status}, content_type=MERGE)


@contextmanager
def kubelet(api: RawApi, namespace: str) -> Iterator[Kubelet]:
    """Make a node that the scheduler does not use; it and its pods are deleted at the end."""
    node = f"node-of-{namespace}"
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}, "spec": {"unschedulable": True}}
    api("POST", NODES, body)
    try:
        yield Kubelet(api, namespace, node)
    finally:
        for pod in api("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]:
            try:
                api(
                    "DELETE",
                    f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}",
                    {"gracePeriodSeconds": 0},
                )
            except RawApiError as error:
                if error.code != 404:
                    raise
        api("DELETE", f"{NODES}/{node}")
