"""The children of all sites and devices as last seen, and whose they are."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed, observe
from edge_operator.desired.kinds import ChildKind

ResourceKey = tuple[str, str]
"""Namespace and name of an EdgeSite or an EdgeDevice."""

Concerned = Callable[[str, ResourceKey], None]
"""Called with the kind and the key of a resource that a change may matter to."""

SITE, DEVICE = "EdgeSite", "EdgeDevice"
REMEMBERED_DELETIONS = 4096


class ChildStore:
    """Takes what the watches and our own writes return; tells which resources are concerned.

    Args:
        concerned: called for each resource that a change may matter to.
    """

    def __init__(self, concerned: Concerned) -> None:
        self._concerned = concerned
        self._objects: dict[ObjectKey, Observed] = {}
        self._of: dict[tuple[str, ResourceKey], set[ObjectKey]] = defaultdict(set)
        # An answer to one of our writes may arrive after the news that the object is gone.
        self._gone: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: ObjectKey) -> Observed | None:
        """Return what is known of one object."""
        return self._objects.get(key)

    def of(self, kind: str, resource: ResourceKey) -> Iterator[Observed]:
        """Yield the objects that are a site's or a device's, by controller or by label."""
        for key in tuple(self._of.get((kind, resource), ())):
            yield self._objects[key]

    def put(self, kind: ChildKind, obj: dict[str, Any]) -> Observed:
        """Take an object that was added or changed, unless something newer is known of it."""
        uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        known = self._objects.get(key_of(kind, obj))
        if known is not None and not newer(version, known.version):
            return known
        seen = observe(kind, obj)
        if (gone := self._gone.get(uid)) is not None and not newer(version, gone):
            return seen
        if known is not None and known.uid == seen.uid and seen.owner is None:
            seen = replace(seen, lost_owner=known.owner or known.lost_owner)
        self._set(seen)
        return seen

    def drop(self, kind: ChildKind, obj: dict[str, Any]) -> None:
        """Forget an object that was deleted, unless another has taken its place."""
        uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        known = self._objects.get(key_of(kind, obj))
        if older(version, self._gone.get(uid, version)):
            return
        self._bury(uid, version)
        if known is not None and known.uid == uid and not older(version, known.version):
            self._remove(known)

    def retain(self, kind: ChildKind, namespace: str | None, listed: Container[ResourceKey], version: str) -> None:
        """Take that nothing but `listed` was there as of `version`: what is older and not in it is forgotten."""
        for key, known in tuple(self._objects.items()):
            absent = key.kind is kind and (key.namespace, key.name) not in listed and namespace in (None, key.namespace)
            if absent and not newer(known.version, version):
                self._bury(known.uid, version)
                self._remove(known)

    def _bury(self, uid: str, version: str) -> None:
        self._gone[uid] = version
        if len(self._gone) > REMEMBERED_DELETIONS:
            self._gone.popitem(last=False)

    def _set(self, seen: Observed) -> None:
        before = self._objects.get(seen.key)
        if before is not None:
            self._unindex(before)
        self._objects[seen.key] = seen
        for claimant in _claimants(seen):
            self._of[claimant].add(seen.key)
        for kind, key in _claimants(seen) | (_claimants(before) if before else set()):
            self._concerned(kind, key)

    def _remove(self, known: Observed) -> None:
        self._unindex(known)
        del self._objects[known.key]
        for kind, key in _claimants(known):
            self._concerned(kind, key)

    def _unindex(self, known: Observed) -> None:
        for claimant in _claimants(known):
            self._of[claimant].discard(known.key)
            if not self._of[claimant]:
                del self._of[claimant]


def key_of(kind: ChildKind, obj: Mapping[str, Any]) -> ObjectKey:
    """Return the key of an object from the API server."""
    return ObjectKey(kind, obj["metadata"]["namespace"], obj["metadata"]["name"])


def _claimants(seen: Observed) -> set[tuple[str, ResourceKey]]:
    """Return whose the object is: by controller, or by the label of its site.

    What a device controls is none of its site's concern, though it carries the site's label.
    """
    namespace, owner = seen.key.namespace, seen.owner
    if owner is not None and owner.is_a(DEVICE):
        return {(DEVICE, (namespace, owner.name))}
    found = {(SITE, (namespace, seen.site))} if seen.site else set()
    if owner is not None and owner.is_a(SITE):
        found.add((SITE, (namespace, owner.name)))
    return found


def newer(version: str, than: str) -> bool:
    """Compare resourceVersions, as Kubernetes allows within one kind (KEP-5504); if unlike, believe the new one."""
    if version.isdecimal() and than.isdecimal():
        return int(version) > int(than)
    return version != than


def older(version: str, than: str) -> bool:
    """Return whether `version` is surely the older one."""
    return version != than and not newer(version, than)
