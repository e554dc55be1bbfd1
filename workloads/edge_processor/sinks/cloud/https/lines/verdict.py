"""What an answer of the server means for the lines of a request."""

from dataclasses import dataclass
from http import HTTPStatus

import orjson

from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.http.answers import REJECTING, Answer, delivery_error, is_taken, readable, said


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has the lines.

    Attributes:
        rejected: positions of the lines that it rejects, with the reason; it has all others.
    """

    rejected: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unacceptable:
    """The server rejects the request as a whole, perhaps because of one line.

    Attributes:
        reason: for people.
        is_too_large: whether it says that the request is too large.
    """

    reason: str
    is_too_large: bool = False


Verdict = Taken | Unacceptable


def judge(answer: Answer, lines: int) -> Verdict:
    """Return what an answer to a request with a number of `lines` means.

    Raises:
        DeliveryError: nothing is delivered, and the same request may succeed later.
    """
    if is_taken(answer.status):
        _check_taken(answer, lines)
        return Taken()
    if answer.status in REJECTING:
        rejected = _rejected(answer, lines) if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY else ()
        is_too_large = answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return Taken(rejected) if rejected else Unacceptable(said(answer), is_too_large)
    raise delivery_error("the server", answer)


def _check_taken(answer: Answer, lines: int) -> None:
    _check_received(answer)
    is_json = "json" in answer.headers.get("Content-Type", "").lower()
    try:
        document = orjson.loads(answer.body) if answer.body else None
    except orjson.JSONDecodeError:
        if is_json:
            raise DeliveryError(f"the JSON in the server's answer {answer.status} is incomplete") from None
        return
    _check_accepted(document, lines)


def _rejected(answer: Answer, lines: int) -> tuple[tuple[int, str], ...]:
    """Return the rejected lines of the body of a 422; none if it does not list them correctly.

    Raises:
        DeliveryError: it lists them, but has not received the other ones.
    """
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return ()
    listed = document.get("rejected") if isinstance(document, dict) else None
    found: dict[int, str] = {}
    for each in listed if isinstance(listed, list) else ():
        line = each.get("line") if isinstance(each, dict) else None
        if not isinstance(line, int) or isinstance(line, bool) or not 0 <= line < lines:
            return ()
        found[line] = readable(answer.hide(str(each.get("reason") or "rejected")))
    if found:
        _check_received(answer)
        _check_accepted(document, lines - len(found))
    return tuple(sorted(found.items()))


def _check_received(answer: Answer) -> None:
    if not answer.has_received_all:
        raise DeliveryError(f"the server answers {answer.status} before it has received the complete request")


def _check_accepted(document: object, lines: int) -> None:
    if isinstance(document, dict) and "accepted" in document:
        accepted = document["accepted"]
        if accepted != lines or isinstance(accepted, bool):
            raise DeliveryError(f"the server accepted {str(accepted)[:20]} of {lines} lines")
