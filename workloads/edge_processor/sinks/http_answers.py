"""What the answer of an HTTP destination means: taken, rejected, or to be tried again."""

import datetime as dt
import email.utils
from http import HTTPStatus
from typing import TYPE_CHECKING

from edge_processor.delivery.destination import DeliveryError

if TYPE_CHECKING:
    from edge_processor.sinks.http_session import HttpReply

REJECTING = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses by which a destination rejects what was sent. All others but 2xx are worth another attempt: a configuration
error (401, 403, 404, a redirect) must lose nothing."""

DELAYING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
MAX_RETRY_AFTER_SECONDS = 3600.0
MAX_REASON_CHARACTERS = 200


def is_taken(status: int) -> bool:
    """Return whether an HTTP status says that all was taken."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def delivery_error(origin: str, reply: "HttpReply", now: dt.datetime) -> DeliveryError:
    """Return the error of an answer that is neither 2xx nor a rejection, with the time of the next attempt.

    Args:
        origin: of the destination, for the message.
        reply: the answer.
        now: for a `Retry-After` that is a date.
    """
    status = reply.status
    delay = retry_after_seconds(reply.headers.get("Retry-After", ""), now) if status in DELAYING else None
    return DeliveryError(f"{origin} answers {status}{_advice(status)}", delay)


def rejection(reply: "HttpReply") -> str:
    """Return why a destination rejects what was sent, for people: the status and the begin of its answer."""
    text = reply.content[: 4 * MAX_REASON_CHARACTERS].decode("utf-8", "replace")
    said = " ".join("".join(each if each.isprintable() else " " for each in text).split())[:MAX_REASON_CHARACTERS]
    return f"{reply.status}: {said}" if said else f"{reply.status}"


def retry_after_seconds(value: str, now: dt.datetime) -> float | None:
    """Return the seconds of a header `Retry-After`, at most an hour; None if it has neither seconds nor a date."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:10]), MAX_RETRY_AFTER_SECONDS)
    try:
        at = email.utils.parsedate_to_datetime(text)
        seconds = (at.replace(tzinfo=at.tzinfo or dt.UTC) - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _advice(status: int) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return ": check the Secret with its credentials"
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return ": check the path of its URL"
        case _ if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return ", a redirect, which is not followed: set the URL to its target"
    return ""
