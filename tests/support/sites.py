"""Sites of a test: applied, awaited, inspected."""

import base64
from dataclasses import dataclass
from typing import Any

from kubernetes import client

from edge_operator.api.conditions import find_condition
from edge_operator.api.schema import API_VERSION
from edge_operator.desired.kinds import CHILD_KINDS, SECRET, ChildKind
from edge_operator.identity.secret_use import LABEL as SECRET_USE
from tests.support.processes import eventually
from tests.support.rawapi import RawApi, RawApiError

SITE_MANAGER = "kubectl"


def kind_path(kind: ChildKind, namespace: str, name: str = "") -> str:
    """Return the URL path of a collection, or of one object."""
    root = "apis" if "/" in kind.api_version else "api"
    path = f"/{root}/{kind.api_version}/namespaces/{namespace}/{kind.plural}"
    return f"{path}/{name}" if name else path


@dataclass(frozen=True)
class Sites:
    """The sites of one namespace.

    Attributes:
        api: the API server.
        namespace: the namespace.
    """

    api: RawApi
    namespace: str

    @classmethod
    def of(cls, api: client.ApiClient, namespace: str) -> "Sites":
        """Return the sites of a namespace."""
        return cls(RawApi(api), namespace)

    def path(self, name: str) -> str:
        """Return the URL path of a site."""
        return f"/apis/{API_VERSION}/namespaces/{self.namespace}/edgesites/{name}"

    def apply(self, name: str, spec: dict[str, Any] | None = None) -> dict[str, Any]:
        """Apply a site."""
        body = {
            "apiVersion": API_VERSION,
            "kind": "EdgeSite",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec or {},
        }
        return self.api.apply(self.path(name), body, SITE_MANAGER)

    def get(self, name: str) -> dict[str, Any]:
        """Return a site."""
        return self.api("GET", self.path(name))

    def delete(self, name: str) -> None:
        """Delete a site; its children go by garbage collection."""
        self.api("DELETE", self.path(name))

    def status(self, name: str) -> dict[str, Any]:
        """Return a site's status; `{}` if there is none."""
        found: dict[str, Any] = self.get(name).get("status") or {}
        return found

    def condition(self, name: str, aspect: str) -> dict[str, Any]:
        """Return a condition of a site; `{}` if there is none."""
        return dict(find_condition(self.status(name), aspect))

    def await_reconciled(self, name: str, seconds: float = 20.0) -> dict[str, Any]:
        """Return the status once the site's present generation was acted on."""

        def reconciled() -> dict[str, Any] | None:
            site = self.get(name)
            status = site.get("status") or {}
            return status if status.get("observedGeneration") == site["metadata"]["generation"] else None

        found: dict[str, Any] = eventually(f"{name} reconciled", reconciled, seconds)
        return found

    def settle(self, name: str) -> None:
        """Return once the operator has reconciled a site with every change that came before this call.

        Reconciles of one site run one after another, so the one that acts on a later change of the spec ends last; that
        change concerns no child. Twice, as an event of a child comes by another watch and may be enqueued later.
        """
        for _ in range(2):
            generation = self.get(name)["metadata"]["generation"]
            # How long devices may be silent concerns no child.
            self.api.merge(self.path(name), {"spec": {"devices": {"offlineAfter": f"{1000 + generation}s"}}})
            self.await_reconciled(name)

    def put_secret(self, name: str, use: str = "true", **data: str) -> None:
        """Make a Secret of a user what `data` says, with the label `use`; an underscore in a key means a dot."""
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": self.namespace, "labels": {SECRET_USE: use}},
            "data": {key.replace("_", "."): base64.b64encode(value.encode()).decode() for key, value in data.items()},
        }
        self.api.apply(kind_path(SECRET, self.namespace, name), secret, SITE_MANAGER)

    def children(self, name: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every object of a site by kind and name, root Secret and volumes included."""
        found = {}
        for kind in CHILD_KINDS:
            listed = self.api("GET", kind_path(kind, self.namespace), labelSelector=f"edge-stack.io/site={name}")
            for item in listed["items"]:
                found[kind.kind, item["metadata"]["name"]] = item
        return found

    def child(self, kind: ChildKind, name: str) -> dict[str, Any] | None:
        """Return one object, None if there is none."""
        try:
            return self.api("GET", kind_path(kind, self.namespace, name))
        except RawApiError as error:
            if error.code == 404:
                return None
            raise
