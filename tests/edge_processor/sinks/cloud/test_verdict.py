"""What is said of an answer: the body of one that is not final differs at each attempt."""

import pytest

from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.cloud.https.lines.verdict import Unacceptable, judge
from edge_processor.sinks.http.answers import Answer


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (503, "Service Unavailable", "the server answers 503 Service Unavailable"),
        (401, "Unauthorized", "the server answers 401 Unauthorized: check the Secret with its credentials"),
        (302, "", "the server answers 302, a redirect, which is not followed: set the URL to its target"),
    ],
)
def test_an_answer_that_is_tried_again_is_its_status_only(status: int, reason: str, said: str) -> None:
    with pytest.raises(DeliveryError) as refused:
        judge(Answer(status, reason, {}, b'{"requestId":"4711","at":"12:00:01"}'), 10)
    assert str(refused.value) == said


def test_a_rejection_has_the_body_for_the_dead_letter() -> None:
    answer = Answer(400, "Bad Request", {}, b"value is not a number")
    assert judge(answer, 1) == Unacceptable("400 Bad Request (value is not a number)")
