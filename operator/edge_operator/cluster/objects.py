"""Reads and writes of single objects: server-side apply, merge patch, create, delete."""

from collections.abc import Mapping
from typing import Any

from edge_operator.desired.kinds import ChildKind

from .client import ApiClient
from .errors import ApiError

FIELD_MANAGER = "edge-stack"
"""Field manager of everything that the reconcilers own, in every object's managedFields."""

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


def collection_path(api_version: str, plural: str, namespace: str | None = None) -> str:
    """Return the URL path of a collection, of all namespaces if none is given."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def object_path(kind: ChildKind, namespace: str, name: str) -> str:
    """Return the URL path of one object."""
    return f"{collection_path(kind.api_version, kind.plural, namespace)}/{name}"


class ObjectClient:
    """Client for single objects. Every write passes the gate and the budget of the client.

    Args:
        client: client for the API server.
        manager: field manager of the writes.
    """

    def __init__(self, client: ApiClient, manager: str = FIELD_MANAGER) -> None:
        self._client = client
        self._manager = manager

    async def metadata(self, kind: ChildKind, namespace: str, name: str) -> dict[str, Any] | None:
        """Return the metadata of the object, or None if it does not exist."""
        return await self._get(kind, namespace, name, METADATA)

    async def get(self, kind: ChildKind, namespace: str, name: str) -> dict[str, Any] | None:
        """Return the object, or None if it does not exist."""
        return await self._get(kind, namespace, name, "application/json")

    async def _get(self, kind: ChildKind, namespace: str, name: str, accept: str) -> dict[str, Any] | None:
        try:
            return await self._client.read(object_path(kind, namespace, name), accept=accept)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    async def apply(self, kind: ChildKind, manifest: Mapping[str, Any], *, metadata_only: bool) -> dict[str, Any]:
        """Apply `manifest` with force and return the object, or its metadata only.

        With a `metadata.uid` in the manifest the API server rejects the apply (409) if the object was replaced.
        """
        metadata = manifest["metadata"]
        return await self._client.write(
            "PATCH",
            object_path(kind, metadata["namespace"], metadata["name"]),
            manifest,
            params={"fieldManager": self._manager, "force": "true", "fieldValidation": "Strict"},
            content_type=APPLY,
            accept=METADATA if metadata_only else "application/json",
        )

    async def apply_status(self, kind: ChildKind, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Apply the status in `manifest` and return the object.

        The metadata of the manifest has the resourceVersion that the status was computed from.
        """
        metadata = manifest["metadata"]
        return await self._client.write(
            "PATCH",
            object_path(kind, metadata["namespace"], metadata["name"]) + "/status",
            manifest,
            params={"fieldManager": self._manager, "force": "true", "fieldValidation": "Strict"},
            content_type=APPLY,
        )

    async def merge(
        self, kind: ChildKind, namespace: str, name: str, patch: Mapping[str, Any], *, metadata_only: bool
    ) -> dict[str, Any]:
        """Merge `patch` into the object and return it; null removes a field, also one that another manager owns."""
        return await self._client.write(
            "PATCH",
            object_path(kind, namespace, name),
            patch,
            params={"fieldManager": self._manager},
            content_type=MERGE,
            accept=METADATA if metadata_only else "application/json",
        )

    async def create(self, kind: ChildKind, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Create the object and return it; a 409 means that it exists already, in which case it is not changed."""
        path = collection_path(kind.api_version, kind.plural, manifest["metadata"]["namespace"])
        return await self._client.write("POST", path, manifest, params={"fieldManager": self._manager})

    async def delete(self, kind: ChildKind, namespace: str, name: str, uid: str) -> None:
        """Delete exactly the object of `uid` and its dependents; it may be deleted already."""
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._client.write("DELETE", object_path(kind, namespace, name), options)
        except ApiError as error:
            if not error.not_found:
                raise
