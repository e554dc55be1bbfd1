"""The observed state of one object, reduced to what decisions need, because the cache holds thousands of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_operator.api.schema import API_VERSION
from edge_operator.cluster.objects import FIELD_MANAGER
from edge_operator.desired.kinds import ChildKind, Watched
from edge_operator.desired.metadata import PART_OF, SITE_LABEL

from .desired_object import INTENT_HASH, ObjectKey
from .ownership import Path, digest, recorded_paths

MANAGED_BY = "app.kubernetes.io/managed-by"
PREFIX = "edge-stack.io/"
UNKNOWN = "unknown"
"""Manager of a field of which managedFields record none."""

HASH_PATH = ("f:metadata", "f:annotations", f"f:{INTENT_HASH}")

CACHED = {"Deployment": ("status",), "PersistentVolumeClaim": ("spec", "status"), "Service": ("spec", "status")}
"""Top-level fields that the cache keeps, by kind."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Controller of an object."""

    api_version: str
    kind: str
    name: str
    uid: str

    def is_a(self, kind: str) -> bool:
        """Whether the owner is an EdgeSite or EdgeDevice (`kind`), in this version of the API."""
        return (self.api_version, self.kind) == (API_VERSION, kind)


@dataclass(frozen=True, slots=True)
class Observed:
    """One object as last reported by the API server.

    Attributes:
        key: the object.
        uid: metadata.uid; a replaced object has another one.
        version: resourceVersion.
        owner: controller of the object, or None.
        last_owner: controller of the object before somebody removed it; None while `owner` is set.
        manager: words for another program that manages the object, such as `the Helm release x`; empty if none does.
        site: name of the site in the object's label, if the object also has our managed-by label.
        hash: hash of the manifest that was applied last, if our manager owns the annotation.
        owned: digest of the paths that our manager owns.
        foreign: paths that other managers own where only our content is allowed.
        class_owned: whether our manager set the storage class of a volume claim.
        deleting: whether the object is being deleted.
        annotations: annotations with our prefix, except the hash.
        body: spec, status and generation, for the kinds that are watched as whole objects.
    """

    key: ObjectKey
    uid: str
    version: str
    owner: Owner | None
    site: str | None
    hash: str | None
    owned: int
    foreign: tuple[Path, ...]
    class_owned: bool
    deleting: bool
    annotations: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    last_owner: Owner | None = None
    manager: str = ""

    @property
    def holder(self) -> str:
        """Words for the owner of the object, such as `the EdgeDevice ns/pump`; empty if it has none."""
        if self.owner is not None:
            return f"the {self.owner.kind} {self.key.namespace}/{self.owner.name}"
        return f"the EdgeSite {self.key.namespace}/{self.site}" if self.site else self.manager


def observe(kind: ChildKind, obj: Mapping[str, Any]) -> Observed:
    """Return the observed state of `obj`, an object from the API server or its metadata."""
    metadata = obj["metadata"]
    labels = metadata.get("labels") or {}
    ours = own_paths(metadata)
    return Observed(
        key=ObjectKey(kind, metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        owner=controller(metadata),
        site=labels.get(SITE_LABEL) if labels.get(MANAGED_BY) == PART_OF else None,
        hash=(metadata.get("annotations") or {}).get(INTENT_HASH) if HASH_PATH in ours else None,
        owned=digest(ours),
        foreign=foreign_content(kind, metadata, ours) if kind.content else (),
        class_owned=("f:spec", "f:storageClassName") in ours,
        deleting="deletionTimestamp" in metadata,
        annotations=_own_annotations(metadata),
        body=kept_body(kind, obj),
        manager=manager_of(metadata),
    )


def _own_annotations(metadata: Mapping[str, Any]) -> dict[str, str]:
    given = metadata.get("annotations") or {}
    return {name: value for name, value in given.items() if name.startswith(PREFIX) and name != INTENT_HASH}


def kept_body(kind: ChildKind, obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return generation, spec and status of an object; `{}` for kinds of which only the metadata is watched."""
    if kind.watched is not Watched.FULL:
        return {}
    return {part: obj.get(part) or {} for part in CACHED[kind.kind]} | {"generation": obj["metadata"].get("generation")}


def controller(metadata: Mapping[str, Any]) -> Owner | None:
    """Return the controller in an object's owner references, or None."""
    for reference in metadata.get("ownerReferences") or ():
        if reference.get("controller"):
            return Owner(reference["apiVersion"], reference["kind"], reference["name"], reference["uid"])
    return None


MANAGERS = (
    ("annotations", "meta.helm.sh/release-name", "the Helm release {}"),
    ("annotations", "cert-manager.io/certificate-name", "the Certificate {} of cert-manager"),
    ("labels", MANAGED_BY, "{}, by its label " + MANAGED_BY),
)
"""Where other programs mark their objects, and how a message names them; the first that is there counts."""


def manager_of(metadata: Mapping[str, Any]) -> str:
    """Return words for another program that manages an object without a controller; empty if none does."""
    for reference in metadata.get("ownerReferences") or ():
        if not reference.get("controller"):
            return f"the {reference['kind']} {reference['name']}"
    for part, name, words in MANAGERS:
        value = (metadata.get(part) or {}).get(name)
        if value and value != PART_OF:
            return words.format(value)
    return ""


def own_paths(metadata: Mapping[str, Any]) -> frozenset[Path]:
    """Return the paths that our manager owns by server-side apply."""
    for entry in metadata.get("managedFields") or ():
        if _is_ours(entry):
            return recorded_paths(entry.get("fieldsV1") or {})
    return frozenset()


def foreign_paths(metadata: Mapping[str, Any]) -> dict[Path, str]:
    """Return the paths that other managers own, each with the name of its manager."""
    found: dict[Path, str] = {}
    for entry in metadata.get("managedFields") or ():
        if not _is_ours(entry):
            for path in recorded_paths(entry.get("fieldsV1") or {}):
                found[path] = str(entry.get("manager") or UNKNOWN)
    return found


def foreign_content(kind: ChildKind, metadata: Mapping[str, Any], ours: frozenset[Path]) -> tuple[Path, ...]:
    """Return the paths below `kind.content` that only other managers own."""
    wanted = {f"f:{part}" for part in kind.content}
    theirs = (path for path in foreign_paths(metadata) if path[0] in wanted and path[-1] != ".")
    return tuple(sorted(path for path in theirs if path not in ours and not _covered(path, ours)))


def lost_paths(kind: ChildKind, metadata: Mapping[str, Any], wanted: frozenset[Path]) -> dict[Path, str]:
    """Return the paths to reapply, each with its present manager.

    The manager of a removed field is `UNKNOWN`, because managedFields do not record who removed it.

    Args:
        kind: kind of the object; other managers may not add to its `content`.
        metadata: metadata of the object now.
        wanted: paths that our manager should own.
    """
    ours, theirs = own_paths(metadata), foreign_paths(metadata)
    taken = {*(wanted - ours), *foreign_content(kind, metadata, ours)}
    return {path: theirs.get(path, UNKNOWN) for path in sorted(taken)}


def without_foreign(seen: Observed) -> dict[str, object]:
    """Return the merge patch that removes the content that other managers have added."""
    patch: dict[str, object] = {"metadata": {"uid": seen.uid}}
    for path in seen.foreign:
        _nullify(patch, [step[2:] for step in path if step.startswith("f:")])
    return patch


def _covered(path: Path, ours: frozenset[Path]) -> bool:
    """Return whether one of our atomic fields contains `path`."""
    return any(path[:length] in ours for length in range(1, len(path)))


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def _nullify(patch: dict[str, object], fields: list[str]) -> None:
    *parents, last = fields
    for parent in parents:
        below = patch.setdefault(parent, {})
        if not isinstance(below, dict):
            return
        patch = below
    patch[last] = None
