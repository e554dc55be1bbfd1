"""What the answer of an HTTP destination means: taken, rejected, or to be tried again."""

import datetime as dt
import email.utils
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from edge_processor.delivery.destination import DeliveryError

REJECTING = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses by which a destination rejects what was sent. All others but 2xx are worth another attempt: a configuration
error (401, 403, 404, a redirect) must lose nothing."""

DELAYING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
MAX_RETRY_AFTER_SECONDS = 3600.0
"""The longest pause that a server can ask for."""

MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a server.

    Attributes:
        status: HTTP status.
        reason: text of the status line.
        headers: case-insensitive.
        body: its begin if it is very long.
        has_received_all: whether the server had received the complete request when it answered.
        hide: removes the secrets of the request from a text.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    has_received_all: bool = True
    hide: Callable[[str], str] = field(default=str, repr=False)


def is_taken(status: int) -> bool:
    """Return whether an HTTP status says that all was taken."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def delivery_error(server: str, answer: Answer) -> DeliveryError:
    """Return the error of an answer that is neither 2xx nor a rejection, with the time of the next attempt.

    It has no part of the body: the id or the time of a request in it would make each attempt a new error in the
    site's status.

    Args:
        server: for the message.
        answer: of the server.
    """
    delay = retry_after_seconds(answer) if answer.status in DELAYING else None
    return DeliveryError(f"{server} answers {_status(answer)}{_advice(answer.status)}", delay)


def said(answer: Answer) -> str:
    """Return an answer for people: the status and the begin of the body, without secrets."""
    status = _status(answer)
    text = readable(answer.hide(answer.body.decode(errors="replace")))
    return f"{status} ({text})" if text else status


def _status(answer: Answer) -> str:
    return f"{answer.status} {readable(answer.hide(answer.reason))}".strip()


def readable(text: str) -> str:
    """Return the begin of a server's text in one line."""
    text = "".join(each if each.isprintable() else " " for each in text[: 4 * MAX_REASON_CHARACTERS])
    return " ".join(text.split())[:MAX_REASON_CHARACTERS]


def retry_after_seconds(answer: Answer) -> float | None:
    """Return the pause that the server asks for, by its own clock if it sends one; None if it asks for none."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:10]), MAX_RETRY_AFTER_SECONDS)
    moment = _moment(text)
    if moment is None:
        return None
    now = _moment(answer.headers.get("Date", "")) or dt.datetime.now(dt.UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _advice(status: int) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return ": check the Secret with its credentials"
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return ": check the path of its URL"
        case _ if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return ", a redirect, which is not followed: set the URL to its target"
    return ""
