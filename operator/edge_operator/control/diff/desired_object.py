"""The desired state of one object: its manifest, the hash of the manifest and the fields that it owns."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edge_operator.desired.kinds import ChildKind, kind_of

from .ownership import Path, digest, owned_paths

INTENT_HASH = "edge-stack.io/intent-hash"
"""Annotation with the hash of the manifest that was applied last. Nothing is applied while it and our fields match."""


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Identifies one object in the cluster."""

    kind: ChildKind
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return `Kind namespace/name`."""
        return f"{self.kind.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """One object in its desired state.

    Attributes:
        key: the object.
        manifest: the fields that we own, with the hash as an annotation.
        hash: hash of the manifest.
        owned: digest of the paths that the API server records as ours after an apply.
    """

    key: ObjectKey
    manifest: Mapping[str, Any]
    hash: str
    owned: int

    @property
    def paths(self) -> frozenset[Path]:
        """The paths that an apply of the manifest owns."""
        return owned_paths(self.manifest)


def desired_object(manifest: Mapping[str, Any]) -> DesiredObject:
    """Return the desired object of a manifest from `edge_operator.desired`."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    fingerprint = hashlib.sha256(canonical.encode()).hexdigest()[:16]
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), INTENT_HASH: fingerprint}
    marked = {**manifest, "metadata": {**metadata, "annotations": annotations}}
    key = ObjectKey(kind_of(manifest), metadata["namespace"], metadata["name"])
    return DesiredObject(key, marked, fingerprint, digest(owned_paths(marked)))


def with_uid(desired: DesiredObject, uid: str) -> DesiredObject:
    """Return the desired object with a uid: the API server rejects the apply (409) if the object was replaced."""
    metadata = {**desired.manifest["metadata"], "uid": uid}
    return replace(desired, manifest={**desired.manifest, "metadata": metadata})
