"""What follows from an error of the API server on a write: named checks in order, the first answer wins. Pure."""

from enum import Enum, auto

from edge_operator.cluster.errors import ApiError

NOT_FOUND, CONFLICT, INTERNAL_ERROR = 404, 409, 500
"""The last one: among others, what the API server answers where an admission webhook cannot be called."""


class AfterApply(Enum):
    """What follows from an error on the write of a child."""

    LOOK_SOON = auto()
    """The object was replaced since it was seen: its event is on the way."""
    NAMESPACE_ENDS = auto()
    """Nothing can be made any more."""
    BACK_OFF = auto()
    """The same write would be refused again: reported, and sent again after a growing pause."""
    RAISE = auto()
    """The queue tries again."""


class AfterStatus(Enum):
    """What follows from an error on the write of a device's liveness."""

    DROP = auto()
    """There is nothing left to write to."""
    PUT_OFF = auto()
    """The same write would be refused again: sent again after a growing pause; others are not held up."""
    RETRY = auto()
    """The device is not to blame: its write goes behind the others, and all of them slow down."""


def after_apply(error: ApiError) -> AfterApply:
    """Return what follows from an error on the write of a child."""
    if error.code == CONFLICT:
        return AfterApply.LOOK_SOON
    if error.namespace_terminating:
        return AfterApply.NAMESPACE_ENDS
    return AfterApply.BACK_OFF if stays(error) else AfterApply.RAISE


def after_status(error: ApiError) -> AfterStatus:
    """Return what follows from an error on the write of a device's liveness."""
    if error.code == NOT_FOUND or error.namespace_terminating:
        return AfterStatus.DROP
    return AfterStatus.PUT_OFF if error.refused else AfterStatus.RETRY


def stays(error: ApiError) -> bool:
    """Return whether the same write, sent again at once, would most likely fail again."""
    return error.refused or error.code == INTERNAL_ERROR
