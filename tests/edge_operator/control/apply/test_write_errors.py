"""What follows from an error of the API server on a write."""

import pytest

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.write_errors import AfterApply, AfterStatus, after_apply, after_status, is_persistent

ENDING = ("NamespaceTerminating",)
TABLE: dict[str, tuple[ApiError, AfterApply, AfterStatus]] = {
    "replaced or changed": (ApiError(409, "Conflict", ""), AfterApply.REQUEUE_SOON, AfterStatus.RETRY),
    "gone": (ApiError(404, "NotFound", ""), AfterApply.RAISE, AfterStatus.DROP),
    "namespace ends": (ApiError(403, "Forbidden", "", ENDING), AfterApply.NAMESPACE_TERMINATING, AfterStatus.DROP),
    "no access": (ApiError(403, "Forbidden", ""), AfterApply.BACK_OFF, AfterStatus.RETRY_LATER),
    "not valid": (ApiError(422, "Invalid", ""), AfterApply.BACK_OFF, AfterStatus.RETRY_LATER),
    "unknown field": (ApiError(400, "BadRequest", ""), AfterApply.BACK_OFF, AfterStatus.RETRY_LATER),
    "too large": (ApiError(413, "RequestEntityTooLarge", ""), AfterApply.BACK_OFF, AfterStatus.RETRY_LATER),
    "a webhook is away": (ApiError(500, "InternalError", ""), AfterApply.BACK_OFF, AfterStatus.RETRY),
    "overloaded": (ApiError(503, "ServiceUnavailable", ""), AfterApply.RAISE, AfterStatus.RETRY),
    "too many requests": (ApiError(429, "TooManyRequests", ""), AfterApply.RAISE, AfterStatus.RETRY),
    "login expired": (ApiError(401, "Unauthorized", ""), AfterApply.RAISE, AfterStatus.RETRY),
}


@pytest.mark.parametrize(("error", "of_apply", "of_status"), TABLE.values(), ids=TABLE)
def test_what_follows(error: ApiError, of_apply: AfterApply, of_status: AfterStatus) -> None:
    assert (after_apply(error), after_status(error)) == (of_apply, of_status)


@pytest.mark.parametrize(
    ("code", "expected"),
    [(400, True), (401, False), (403, True), (404, False), (409, False), (422, True), (500, True), (503, False)],
)
def test_what_would_fail_again(code: int, *, expected: bool) -> None:
    assert is_persistent(ApiError(code, "", "")) is expected
