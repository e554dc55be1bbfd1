"""Decides what to do with one object from its desired and its observed state: named checks, the first result wins."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from edge_operator.desired.kinds import PVC

from .desired_object import ObjectKey
from .observed import Observed
from .ownership import digest


class Action(Enum):
    """Action of the operator on one object."""

    READ = auto()
    """The cache has no object of this name: read it from the API server and decide again."""
    WAIT = auto()
    """The object is being deleted, or belongs to a deleted resource of the same name: wait for the deletion."""
    NOT_OURS = auto()
    """The object belongs to somebody else: report it and do not change it."""
    APPLY = auto()
    """The object does not exist, or the desired state has changed since the last apply."""
    REAPPLY = auto()
    """The desired state is unchanged, but other managers own some of our fields."""
    STRIP = auto()
    """Other managers have added fields where only ours are allowed."""
    NONE = auto()
    """The object matches the desired state."""


@dataclass(frozen=True, slots=True)
class DesiredDigest:
    """The part of a desired object that is compared with the observed one; it is cached without the manifest.

    Attributes:
        key: the object.
        hash: hash of the manifest.
        owned: digest of the paths that an apply of the manifest owns.
    """

    key: ObjectKey
    hash: str
    owned: int


@dataclass(frozen=True, slots=True)
class OwnerRef:
    """The EdgeSite or EdgeDevice that owns the objects.

    Attributes:
        kind: EdgeSite or EdgeDevice.
        name: name of the resource.
        uid: metadata.uid of the resource.
    """

    kind: str
    name: str
    uid: str


NOTHING_OWNED = digest(frozenset())

Check = Callable[[DesiredDigest, Observed, OwnerRef], Action | None]


def being_deleted(_desired: DesiredDigest, seen: Observed, owner_ref: OwnerRef) -> Action | None:
    """Return WAIT if the object is being deleted, or is owned by a deleted resource of the same name."""
    owner = seen.owner
    stale = (
        owner is not None and owner.is_a(owner_ref.kind) and owner.name == owner_ref.name and owner.uid != owner_ref.uid
    )
    return Action.WAIT if seen.deleting or stale else None


def not_ours(_desired: DesiredDigest, seen: Observed, owner_ref: OwnerRef) -> Action | None:
    """Return NOT_OURS if the object does not belong to the owner."""
    return None if is_ours(seen, owner_ref) else Action.NOT_OURS


def not_applied(desired: DesiredDigest, seen: Observed, _owner_ref: OwnerRef) -> Action | None:
    """Return APPLY if the desired state was not applied yet.

    If the hash is missing but we own the other fields, somebody removed the annotation: that is drift, and
    `fields_lost` handles it.
    """
    if seen.hash is None:
        return Action.APPLY if seen.owned == NOTHING_OWNED else None
    return Action.APPLY if seen.hash != desired.hash else None


def fields_lost(desired: DesiredDigest, seen: Observed, _owner_ref: OwnerRef) -> Action | None:
    """Return REAPPLY if our manager does not own exactly the desired fields."""
    return Action.REAPPLY if seen.owned != desired.owned else None


def foreign_added(_desired: DesiredDigest, seen: Observed, _owner_ref: OwnerRef) -> Action | None:
    """Return STRIP if other managers have added content."""
    return Action.STRIP if seen.foreign else None


CHECKS: tuple[Check, ...] = (being_deleted, not_ours, not_applied, fields_lost, foreign_added)


def decide(desired: DesiredDigest, seen: Observed | None, owner_ref: OwnerRef) -> Action:
    """Return the action for one object; `seen` is None if the cache does not have it."""
    if seen is None:
        return Action.READ
    for check in CHECKS:
        if (action := check(desired, seen, owner_ref)) is not None:
            return action
    return Action.NONE


def is_ours(seen: Observed, owner_ref: OwnerRef) -> bool:
    """Return whether the object belongs to the owner: by controller or, for volumes that outlive a site, by label.

    A controller that was removed while the operator watched still counts: that is drift.
    """
    if seen.key.kind is PVC and seen.owner is None:
        return seen.site == owner_ref.name
    owner = seen.owner or seen.last_owner
    return owner is not None and owner.is_a(owner_ref.kind) and owner.uid == owner_ref.uid


def is_unwanted(seen: Observed, owner_ref: OwnerRef) -> bool:
    """Return whether to delete an object that is not desired: the owner controls it and it is not being deleted yet."""
    mine = seen.owner is not None and seen.owner.is_a(owner_ref.kind) and seen.owner.uid == owner_ref.uid
    return mine and not seen.deleting
