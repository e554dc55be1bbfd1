"""Writes that were refused: how long each stands, and what is said of it. With a fake clock."""

import pytest

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.refusals import MAX_BACKOFF_SECONDS, MIN_BACKOFF_SECONDS, Refusals
from edge_operator.control.diff.desired_object import DesiredObject, ObjectKey
from edge_operator.desired.kinds import SECRET
from edge_operator.status import reasons
from tests.edge_operator.cluster.virtual import Clock

NO = ApiError(422, "Invalid", "no")


def desired(fingerprint: str = "h", name: str = "a") -> DesiredObject:
    return DesiredObject(ObjectKey(SECRET, "ns", name), {}, fingerprint, 0)


def test_refusal_stands_until_its_backoff_ends_and_doubles() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    waits = []
    for _ in range(10):
        refusals.add(desired(), ApiError(422, "Invalid", "no"))
        waits.append(refusals.wait(desired()))
        clock.now += waits[-1] - 0.001
        assert refusals.active(desired()) is not None
        clock.now += 0.001
        assert refusals.active(desired()) is None
    assert waits[0] == MIN_BACKOFF_SECONDS
    assert waits[1] == pytest.approx(2 * MIN_BACKOFF_SECONDS)
    assert waits[-1] == MAX_BACKOFF_SECONDS


def test_changed_object_is_applied_at_once_with_a_new_backoff() -> None:
    refusals = Refusals(Clock())
    for _ in range(5):
        refusals.add(desired("old"), ApiError(422, "Invalid", "no"))
    assert refusals.active(desired("new")) is None
    refusals.add(desired("new"), ApiError(422, "Invalid", "no"))
    assert refusals.wait(desired("new")) == MIN_BACKOFF_SECONDS


def test_accepted_is_forgotten() -> None:
    refusals = Refusals(Clock())
    refusals.add(desired(), ApiError(422, "Invalid", "no"))
    refusals.remove(desired())
    assert (refusals.active(desired()), refusals.wait(desired())) == (None, 0.0)


def test_refusals_of_deleted_sites_are_removed() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for number in range(1000):
        refusals.add(desired(name=f"gone-{number}"), ApiError(422, "Invalid", "no"))
        clock.now += 10
    assert len(refusals._refused) <= (MAX_BACKOFF_SECONDS + MIN_BACKOFF_SECONDS) / 10 + 2  # noqa: SLF001


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ApiError(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: q'), reasons.QUOTA_EXCEEDED),
        (ApiError(403, "Forbidden", 'User "x" cannot patch resource "secrets"'), reasons.ACCESS_DENIED),
        (ApiError(403, "Forbidden", "denied by policy"), reasons.REFUSED),
        (ApiError(403, "Forbidden", 'User "x" is not known'), reasons.REFUSED),
        (ApiError(422, "Invalid", "spec.x: Invalid value"), reasons.INVALID),
        (ApiError(400, "BadRequest", "unknown field"), reasons.REFUSED),
    ],
)
def test_reason_of_a_refusal(error: ApiError, reason: str) -> None:
    problem = Refusals(Clock()).add(desired(), error)
    assert (problem.reason, problem.lasting) == (reason, True)
    assert error.message in problem.message
    assert "Secret ns/a" in problem.message


@pytest.mark.parametrize(
    ("later", "stands", "wait"),
    [(0.0, True, 2.0), (1.5, True, 0.5), (2.0, False, 0.0), (60.0, False, 0.0)],
    ids=["at once", "later", "when it ends", "after it"],
)
def test_how_long_a_refusal_stands(later: float, wait: float, *, stands: bool) -> None:
    clock = Clock()
    refusals = Refusals(clock)
    refusals.add(desired(), NO)
    clock.now += later
    assert (refusals.active(desired()) is not None, refusals.wait(desired())) == (stands, wait)


@pytest.mark.parametrize(
    ("later", "wait"),
    [(0.0, 4.0), (121.9, 4.0), (122.0, 2.0)],
    ids=["at once", "while it is remembered", "two minutes after it could have been sent again"],
)
def test_refusal_counts_until_nobody_has_tried_for_two_minutes(later: float, wait: float) -> None:
    clock = Clock()
    refusals = Refusals(clock)
    refusals.add(desired(), NO)
    clock.now += later
    refusals.add(desired(name="another"), NO)
    refusals.add(desired(), NO)
    assert refusals.wait(desired()) == wait
