"""Maps an API error of a write to the next step. Pure."""

from enum import Enum, auto

from edge_operator.cluster.errors import ApiError


class AfterApply(Enum):
    """Next step after an error on the write of a child."""

    REQUEUE_SOON = auto()
    """The object was replaced since it was observed; its event is on the way."""
    NAMESPACE_TERMINATING = auto()
    """Nothing can be created in the namespace any more."""
    BACK_OFF = auto()
    """The same write would be rejected again: report it and send it again with exponential backoff."""
    RAISE = auto()
    """Raise the error; the work queue retries."""


class AfterStatus(Enum):
    """Next step after an error on the write of a device's liveness."""

    DROP = auto()
    """The object does not exist any more."""
    RETRY_LATER = auto()
    """The same write would be rejected again: retry with exponential backoff, without delaying other devices."""
    RETRY = auto()
    """The error does not depend on the device: retry after the other pending writes, and reduce the rate of
    all."""


def after_apply(error: ApiError) -> AfterApply:
    """Return the next step after an error on the write of a child."""
    if error.conflict:
        return AfterApply.REQUEUE_SOON
    if error.namespace_terminating:
        return AfterApply.NAMESPACE_TERMINATING
    return AfterApply.BACK_OFF if is_persistent(error) else AfterApply.RAISE


def after_status(error: ApiError) -> AfterStatus:
    """Return the next step after an error on the write of a device's liveness."""
    if error.not_found or error.namespace_terminating:
        return AfterStatus.DROP
    return AfterStatus.RETRY_LATER if error.refused else AfterStatus.RETRY


def is_persistent(error: ApiError) -> bool:
    """Return whether the same write would most likely fail again at once."""
    return error.refused or error.internal
