"""One cluster as its administrator: kubectl, and what stories and scenarios ask it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.cluster.kubectl import kubectl
from edge_operator.desired.encoding import secret_text


@dataclass(frozen=True)
class Kubernetes:
    """A cluster, reached by kubectl.

    Attributes:
        kubeconfig: the administrator's.
        home: where kubectl and helm keep their files.
    """

    kubeconfig: Path
    home: Path

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and return what it printed.

        Raises:
            HarnessError: it failed, with its own words.
        """
        return kubectl(self.kubeconfig, self.home, *arguments, stdin=stdin)

    def get(self, *arguments: str) -> dict[str, Any]:
        """Return what `kubectl get … -o json` says."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "-o", "json"))
        return found

    def items(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the objects of a list; a missing one is not an error."""
        said = self.kubectl("get", *arguments, "--ignore-not-found", "-o", "json")
        found = json.loads(said) if said else {"items": []}
        return list(found.get("items", [found]))

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """Return the content of a Secret."""
        found = self.get("secret", "-n", namespace, name)
        return {key: secret_text(found, key) or "" for key in found.get("data") or ()}

    def make_namespace(self, name: str) -> None:
        """Create a namespace with the Pod Security level restricted, unless it exists."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(body))
