"""Cache of the children of all sites and devices, indexed by their owners."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed, observe
from edge_operator.desired.kinds import ChildKind

ResourceKey = tuple[str, str]
"""Namespace and name of an EdgeSite or an EdgeDevice."""

Notify = Callable[[str, ResourceKey], None]
"""Called with the kind and the key of each resource that a change may affect."""

SITE, DEVICE = "EdgeSite", "EdgeDevice"
MAX_TOMBSTONES = 4096


class ChildCache:
    """Stores the objects that watches and our own writes return.

    Args:
        notify: called for each resource that a change may affect.
    """

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._objects: dict[ObjectKey, Observed] = {}
        self._by_owner: dict[tuple[str, ResourceKey], set[ObjectKey]] = defaultdict(set)
        # The response to one of our writes may arrive after the event of the object's deletion.
        self._tombstones: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: ObjectKey) -> Observed | None:
        """Return one object, or None."""
        return self._objects.get(key)

    def owned_by(self, kind: str, resource: ResourceKey) -> Iterator[Observed]:
        """Yield the objects of a site or a device, by controller or by label."""
        for key in tuple(self._by_owner.get((kind, resource), ())):
            yield self._objects[key]

    def put(self, kind: ChildKind, obj: dict[str, Any]) -> Observed:
        """Store an object that was added or changed, unless the cache has a newer version; return what it has."""
        uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        known = self._objects.get(key_of(kind, obj))
        if known is not None and not newer(version, known.version):
            return known
        seen = observe(kind, obj)
        if (tombstone := self._tombstones.get(uid)) is not None and not newer(version, tombstone):
            return seen
        if known is not None and known.uid == seen.uid and seen.owner is None:
            seen = replace(seen, last_owner=known.owner or known.last_owner)
        self._set(seen)
        return seen

    def delete(self, kind: ChildKind, obj: dict[str, Any]) -> None:
        """Remove an object that was deleted, unless another object has its name now."""
        uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        known = self._objects.get(key_of(kind, obj))
        if older(version, self._tombstones.get(uid, version)):
            return
        self._add_tombstone(uid, version)
        if known is not None and known.uid == uid and not older(version, known.version):
            self._remove(known)

    def prune(self, kind: ChildKind, namespace: str | None, listed: Container[ResourceKey], version: str) -> None:
        """Remove objects that are not in `listed` and are not newer than the list's resourceVersion `version`."""
        for key, known in tuple(self._objects.items()):
            absent = key.kind is kind and (key.namespace, key.name) not in listed and namespace in (None, key.namespace)
            if absent and not newer(known.version, version):
                self._add_tombstone(known.uid, version)
                self._remove(known)

    def _add_tombstone(self, uid: str, version: str) -> None:
        self._tombstones[uid] = version
        if len(self._tombstones) > MAX_TOMBSTONES:
            self._tombstones.popitem(last=False)

    def _set(self, seen: Observed) -> None:
        before = self._objects.get(seen.key)
        if before is not None:
            self._unindex(before)
        self._objects[seen.key] = seen
        for owner in _owners(seen):
            self._by_owner[owner].add(seen.key)
        for kind, key in _owners(seen) | (_owners(before) if before else set()):
            self._notify(kind, key)

    def _remove(self, known: Observed) -> None:
        self._unindex(known)
        del self._objects[known.key]
        for kind, key in _owners(known):
            self._notify(kind, key)

    def _unindex(self, known: Observed) -> None:
        for owner in _owners(known):
            self._by_owner[owner].discard(known.key)
            if not self._by_owner[owner]:
                del self._by_owner[owner]


def key_of(kind: ChildKind, obj: Mapping[str, Any]) -> ObjectKey:
    """Return the key of an object from the API server."""
    return ObjectKey(kind, obj["metadata"]["namespace"], obj["metadata"]["name"])


def _owners(seen: Observed) -> set[tuple[str, ResourceKey]]:
    """Return the owners of the object: by controller, or by the label of its site.

    An object that a device controls does not concern its site, although it has the site's label.
    """
    namespace, owner = seen.key.namespace, seen.owner
    if owner is not None and owner.is_a(DEVICE):
        return {(DEVICE, (namespace, owner.name))}
    found = {(SITE, (namespace, seen.site))} if seen.site else set()
    if owner is not None and owner.is_a(SITE):
        found.add((SITE, (namespace, owner.name)))
    return found


def newer(version: str, than: str) -> bool:
    """Return whether `version` is newer; resourceVersions of one kind can be compared (KEP-5504).

    If one of them is not a number, a different version counts as newer.
    """
    if version.isdecimal() and than.isdecimal():
        return int(version) > int(than)
    return version != than


def older(version: str, than: str) -> bool:
    """Return whether `version` is certainly older than `than`."""
    return version != than and not newer(version, than)
