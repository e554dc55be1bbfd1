"""What an answer of the server means for the lines of a request. Pure but for the clock."""

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import orjson

from edge_processor.sinks.cloud.https.connection.channel import Answer
from edge_processor.sinks.cloud.https.failure import ServerRefusedError

MAX_RETRY_AFTER_SECONDS = 3600.0
"""The longest pause that a server can ask for."""

MAX_REASON_CHARACTERS = 200

_UNACCEPTABLE = frozenset({400, 413, 422})
_TOO_LARGE = 413
_WITH_LINES = 422
_PAUSES = frozenset({429, 503})
_ADVICE = {
    401: "correct the credentials",
    403: "correct the credentials or their rights",
    404: "correct the path of the endpoint",
}


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
        ServerRefusedError: nothing is delivered, and the same request may succeed later.
    """
    if answer.status // 100 == 2:  # noqa: PLR2004 - the class of success
        _check_taken(answer, lines)
        return Taken()
    if answer.status in _UNACCEPTABLE:
        rejected = _rejected(answer, lines) if answer.status == _WITH_LINES else ()
        return Taken(rejected) if rejected else Unacceptable(_reason(answer), answer.status == _TOO_LARGE)
    pause = retry_after_seconds(answer) if answer.status in _PAUSES else None
    advice = _ADVICE.get(answer.status)
    raise ServerRefusedError(f"the server answers {_reason(answer)}{f': {advice}' if advice else ''}", pause)


def retry_after_seconds(answer: Answer) -> float | None:
    """Return the pause that the server asks for, by its own clock if it sends one; None if it asks for none."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_SECONDS)
    moment = _moment(text)
    if moment is None:
        return None
    now = _moment(answer.headers.get("Date", "")) or dt.datetime.now(dt.UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def _check_taken(answer: Answer, lines: int) -> None:
    _check_received(answer)
    is_json = "json" in answer.headers.get("Content-Type", "").lower()
    try:
        document = orjson.loads(answer.body) if answer.body else None
    except orjson.JSONDecodeError:
        if is_json:
            raise ServerRefusedError(f"the JSON in the server's answer {answer.status} is incomplete") from None
        return
    _check_accepted(document, lines)


def _rejected(answer: Answer, lines: int) -> tuple[tuple[int, str], ...]:
    """Return the rejected lines of the body of a 422; none if it does not list them correctly.

    Raises:
        ServerRefusedError: it lists them, but has not received the other ones.
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
        found[line] = _short(answer.hide(str(each.get("reason") or "rejected")))
    if found:
        _check_received(answer)
        _check_accepted(document, lines - len(found))
    return tuple(sorted(found.items()))


def _check_received(answer: Answer) -> None:
    if not answer.has_received_all:
        raise ServerRefusedError(f"the server answers {answer.status} before it has received the complete request")


def _check_accepted(document: object, lines: int) -> None:
    if isinstance(document, dict) and "accepted" in document:
        accepted = document["accepted"]
        if accepted != lines or isinstance(accepted, bool):
            raise ServerRefusedError(f"the server accepted {str(accepted)[:20]} of {lines} lines")


def _reason(answer: Answer) -> str:
    text = _short(answer.hide(answer.body.decode(errors="replace")))
    status = f"{answer.status} {_short(answer.hide(answer.reason))}".strip()
    return f"{status} ({text})" if text else status


def _short(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * MAX_REASON_CHARACTERS]).split())[
        :MAX_REASON_CHARACTERS
    ]


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
