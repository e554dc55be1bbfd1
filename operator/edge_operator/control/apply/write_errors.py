"""What follows from an error of the API server on a write: named checks in order, the first answer wins. Pure."""

from enum import Enum

from edge_operator.cluster.errors import ApiError

NOT_FOUND, CONFLICT, INTERNAL_ERROR = 404, 409, 500
"""The last one: among others, what the API server answers where an admission webhook cannot be called."""


class AfterApply(Enum):
    """What follows from an error on the write of a child."""

    REQUEUE_SOON = "look soon"
    """The object was replaced since it was seen: its event is on the way."""
    NAMESPACE_TERMINATING = "namespace ends"
    """Nothing can be made any more."""
    BACK_OFF = "back off"
    """The same write would be refused again: reported, and sent again after a growing pause."""
    RAISE = "raise"
    """The queue tries again."""


class AfterStatus(Enum):
    """What follows from an error on the write of a device's liveness."""

    DROP = "drop"
    """There is nothing left to write to."""
    RETRY_LATER = "put off"
    """The same write would be refused again: sent again after a growing pause; others are not held up."""
    RETRY = "retry"
    """The device is not to blame: its write goes behind the others, and all of them slow down."""


def after_apply(error: ApiError) -> AfterApply:
    """Return what follows from an error on the write of a child."""
    if error.code == CONFLICT:
        return AfterApply.REQUEUE_SOON
    if error.namespace_terminating:
        return AfterApply.NAMESPACE_TERMINATING
    return AfterApply.BACK_OFF if is_persistent(error) else AfterApply.RAISE


def after_status(error: ApiError) -> AfterStatus:
    """Return what follows from an error on the write of a device's liveness."""
    if error.code == NOT_FOUND or error.namespace_terminating:
        return AfterStatus.DROP
    return AfterStatus.RETRY_LATER if error.refused else AfterStatus.RETRY


def is_persistent(error: ApiError) -> bool:
    """Return whether the same write, sent again at once, would most likely fail again."""
    return error.refused or error.code == INTERNAL_ERROR
