"""What the operator means one object to be: the manifest, its hash and the fields that it owns."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edge_operator.desired.kinds import ChildKind, kind_of

from .ownership import Path, digest, owned_paths

INTENT_HASH = "edge-stack.io/intent-hash"
"""Annotation with the hash of what was last applied: while it and our ownership stand, nothing is to be done."""


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """One object among those of all sites."""

    kind: ChildKind
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return `Kind namespace/name`."""
        return f"{self.kind.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """One object as it should be.

    Attributes:
        key: which object.
        manifest: the fields that we own, with the hash among the annotations.
        hash: hash of the manifest.
        owned: digest of the paths that the API server records as ours once this is applied.
    """

    key: ObjectKey
    manifest: Mapping[str, Any]
    hash: str
    owned: int

    @property
    def paths(self) -> frozenset[Path]:
        """The paths that we own."""
        return owned_paths(self.manifest)


def desired_object(manifest: Mapping[str, Any]) -> DesiredObject:
    """Return the intent of a manifest from `desired`."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    fingerprint = hashlib.sha256(canonical.encode()).hexdigest()[:16]
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), INTENT_HASH: fingerprint}
    marked = {**manifest, "metadata": {**metadata, "annotations": annotations}}
    key = ObjectKey(kind_of(manifest), metadata["namespace"], metadata["name"])
    return DesiredObject(key, marked, fingerprint, digest(owned_paths(marked)))


def with_uid(desired: DesiredObject, uid: str) -> DesiredObject:
    """Return the intent for exactly the object of `uid`: the API server refuses it on any other."""
    metadata = {**desired.manifest["metadata"], "uid": uid}
    return replace(desired, manifest={**desired.manifest, "metadata": metadata})
