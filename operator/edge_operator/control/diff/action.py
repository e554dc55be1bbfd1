"""Decides what to do with one object from its desired and its observed state: named checks, the first result wins."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from edge_operator.desired.kinds import PVC

from .desired_object import ObjectKey
from .observed import Observed
from .ownership import digest


class Action(Enum):
    """What is to be done about one object."""

    READ = "look"
    """Nothing of ours is known under this name: ask the API server, then apply or leave alone."""
    WAIT = "leaving"
    """It is being deleted, or belongs to a deleted resource of the same name: wait until it is gone."""
    NOT_OURS = "not ours"
    """Somebody else's object: left alone and reported."""
    APPLY = "apply"
    """It is new or its intent has changed."""
    REAPPLY = "retake"
    """The intent is as it was, but others have taken fields of ours."""
    STRIP = "strip"
    """Others have added to content that is exactly ours."""
    NONE = "keep"
    """It is as it should be."""


@dataclass(frozen=True, slots=True)
class DesiredDigest:
    """What is compared with an observation: an intent without its manifest."""

    key: ObjectKey
    hash: str
    owned: int


@dataclass(frozen=True, slots=True)
class OwnerRef:
    """The resource on whose behalf is judged.

    Attributes:
        kind: EdgeSite or EdgeDevice.
        name: its name.
        uid: its identity.
    """

    kind: str
    name: str
    uid: str


NOTHING_OWNED = digest(frozenset())

Check = Callable[[DesiredDigest, Observed, OwnerRef], Action | None]


def being_deleted(_desired: DesiredDigest, seen: Observed, owner_ref: OwnerRef) -> Action | None:
    """Answer for what is about to be gone."""
    owner = seen.owner
    stale = (
        owner is not None and owner.is_a(owner_ref.kind) and owner.name == owner_ref.name and owner.uid != owner_ref.uid
    )
    return Action.WAIT if seen.deleting or stale else None


def not_ours(_desired: DesiredDigest, seen: Observed, owner_ref: OwnerRef) -> Action | None:
    """Answer for somebody else's object."""
    return None if is_ours(seen, owner_ref) else Action.NOT_OURS


def not_applied(desired: DesiredDigest, seen: Observed, _owner_ref: OwnerRef) -> Action | None:
    """Answer for an intent that was not applied yet.

    A hash that others have written is none: while we own other fields, it was taken from us.
    """
    if seen.hash is None:
        return Action.APPLY if seen.owned == NOTHING_OWNED else None
    return Action.APPLY if seen.hash != desired.hash else None


def fields_lost(desired: DesiredDigest, seen: Observed, _owner_ref: OwnerRef) -> Action | None:
    """Answer for fields that are not ours any more."""
    return Action.REAPPLY if seen.owned != desired.owned else None


def foreign_added(_desired: DesiredDigest, seen: Observed, _owner_ref: OwnerRef) -> Action | None:
    """Answer for foreign content."""
    return Action.STRIP if seen.foreign else None


CHECKS: tuple[Check, ...] = (being_deleted, not_ours, not_applied, fields_lost, foreign_added)


def decide(desired: DesiredDigest, seen: Observed | None, owner_ref: OwnerRef) -> Action:
    """Return what is to be done about one object."""
    if seen is None:
        return Action.READ
    for check in CHECKS:
        if (action := check(desired, seen, owner_ref)) is not None:
            return action
    return Action.NONE


def is_ours(seen: Observed, owner_ref: OwnerRef) -> bool:
    """Return whether the object is the claimant's: by controller or, for volumes that outlive a site, by label.

    A controller that somebody has stripped while we were watching still counts: that is drift.
    """
    if seen.key.kind is PVC and seen.owner is None:
        return seen.site == owner_ref.name
    owner = seen.owner or seen.last_owner
    return owner is not None and owner.is_a(owner_ref.kind) and owner.uid == owner_ref.uid


def is_unwanted(seen: Observed, owner_ref: OwnerRef) -> bool:
    """Return whether an object that no intent names is to be deleted: ours by controller, and still there."""
    mine = seen.owner is not None and seen.owner.is_a(owner_ref.kind) and seen.owner.uid == owner_ref.uid
    return mine and not seen.deleting
