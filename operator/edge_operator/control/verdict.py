"""Intent and observation to what is to be done about one object. Named checks in order; the first answer wins."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from edge_operator.desired.kinds import PVC

from .intent import ObjectKey
from .observed import Observed
from .ownership import digest


class Verdict(Enum):
    """What is to be done about one object."""

    LOOK = auto()
    """Nothing of ours is known under this name: ask the API server, then apply or leave alone."""
    LEAVING = auto()
    """It is being deleted, or belongs to a deleted resource of the same name: wait until it is gone."""
    NOT_OURS = auto()
    """Somebody else's object: left alone and reported."""
    APPLY = auto()
    """It is new or its intent has changed."""
    RETAKE = auto()
    """The intent is as it was, but others have taken fields of ours."""
    STRIP = auto()
    """Others have added to content that is exactly ours."""
    KEEP = auto()
    """It is as it should be."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is compared with an observation: an intent without its manifest."""

    key: ObjectKey
    hash: str
    owned: int


@dataclass(frozen=True, slots=True)
class Claim:
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

Check = Callable[[Wanted, Observed, Claim], Verdict | None]


def leaving(_wanted: Wanted, seen: Observed, claim: Claim) -> Verdict | None:
    """Answer for what is about to be gone."""
    owner = seen.owner
    stale = owner is not None and owner.is_a(claim.kind) and owner.name == claim.name and owner.uid != claim.uid
    return Verdict.LEAVING if seen.deleting or stale else None


def not_ours(_wanted: Wanted, seen: Observed, claim: Claim) -> Verdict | None:
    """Answer for somebody else's object."""
    return None if is_ours(seen, claim) else Verdict.NOT_OURS


def changed(wanted: Wanted, seen: Observed, _claim: Claim) -> Verdict | None:
    """Answer for an intent that was not applied yet.

    A hash that others have written is none: while we own other fields, it was taken from us.
    """
    if seen.hash is None:
        return Verdict.APPLY if seen.owned == NOTHING_OWNED else None
    return Verdict.APPLY if seen.hash != wanted.hash else None


def retaken(wanted: Wanted, seen: Observed, _claim: Claim) -> Verdict | None:
    """Answer for fields that are not ours any more."""
    return Verdict.RETAKE if seen.owned != wanted.owned else None


def added_to(_wanted: Wanted, seen: Observed, _claim: Claim) -> Verdict | None:
    """Answer for foreign content."""
    return Verdict.STRIP if seen.foreign else None


CHECKS: tuple[Check, ...] = (leaving, not_ours, changed, retaken, added_to)


def judge(wanted: Wanted, seen: Observed | None, claim: Claim) -> Verdict:
    """Return what is to be done about one object."""
    if seen is None:
        return Verdict.LOOK
    for check in CHECKS:
        if (verdict := check(wanted, seen, claim)) is not None:
            return verdict
    return Verdict.KEEP


def is_ours(seen: Observed, claim: Claim) -> bool:
    """Return whether the object is the claimant's: by controller or, for volumes that outlive a site, by label.

    A controller that somebody has stripped while we were watching still counts: that is drift.
    """
    if seen.key.kind is PVC and seen.owner is None:
        return seen.site == claim.name
    owner = seen.owner or seen.lost_owner
    return owner is not None and owner.is_a(claim.kind) and owner.uid == claim.uid


def is_unwanted(seen: Observed, claim: Claim) -> bool:
    """Return whether an object that no intent names is to be deleted: ours by controller, and still there."""
    mine = seen.owner is not None and seen.owner.is_a(claim.kind) and seen.owner.uid == claim.uid
    return mine and not seen.deleting
