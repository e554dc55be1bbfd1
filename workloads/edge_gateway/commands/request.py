"""Parses the body of a request that sends a command. Pure."""

import datetime as dt
import re
from typing import Any

from edge_gateway.body import malformed
from edge_wire.goduration import parse_duration
from edge_wire.messages import MAX_PAYLOAD_BYTES, Command, MalformedError, parse_timestamp
from edge_wire.messages import fields as take
from edge_wire.messages.document import load
from edge_wire.messages.malformed import kind

DEFAULT_LIFETIME = dt.timedelta(minutes=5)
"""Default time until a command expires."""

MAX_LIFETIME = dt.timedelta(days=7)
"""Maximum: the broker keeps messages for a session no longer."""

COMMAND_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}", re.ASCII)
"""Ids of commands: the gateway's have 32 hexadecimal digits, those of the cloud are its choice."""


def parse_command(body: bytes, command_id: str, now: dt.datetime) -> Command:
    """Return the command that a request asks for.

    Args:
        body: any JSON object, optionally with either `expires_in` (such as 30s) or `expires_at`.
        command_id: the new id; it replaces one in the body.
        now: when the request arrived (aware).

    Raises:
        ProblemError: the body is not a command; the problem names the field.
    """
    try:
        fields = _object(body)
        return _limited(Command(command_id, _expiry(fields, now), fields))
    except MalformedError as error:
        raise malformed(error) from error


def parse_cloud_command(body: bytes, now: dt.datetime) -> Command:
    """Return the command that a request of the cloud asks for; its expiry may have passed.

    Args:
        body: a JSON object with `command_id` and `expires_at`.
        now: when the request arrived (aware).

    Raises:
        ProblemError: the body is not such a command; the problem names the field.
    """
    try:
        fields = _object(body)
        return _limited(Command(_command_id(fields), _deadline(fields, now), fields))
    except MalformedError as error:
        raise malformed(error) from error


def _object(body: bytes) -> dict[str, Any]:
    document = load(body)
    if not isinstance(document, dict):
        raise MalformedError(
            "type", f'a command must be a JSON object, such as {{"command": "reboot"}}, not {kind(document)}'
        )
    return document


def _limited(command: Command) -> Command:
    # With its id and its expiry the message may be larger than the request.
    if len(command.encode()) > MAX_PAYLOAD_BYTES:
        raise MalformedError("too_large", "the command is too large for a message to the device")
    return command


def _command_id(fields: dict[str, Any]) -> str:
    command_id = take.required_text(dict(fields), "command_id")
    if not COMMAND_ID.fullmatch(command_id):
        raise MalformedError(
            "field", "command_id must have 1 to 64 letters, digits, '.', '_' and '-', and be neither '.' nor '..'"
        )
    return command_id


def _deadline(fields: dict[str, Any], now: dt.datetime) -> dt.datetime:
    # A span would begin again with each repetition of the request.
    if fields.get("expires_in") is not None:
        raise MalformedError("field", "expires_in is not allowed for the cloud: give expires_at")
    expires_at = parse_timestamp(fields.get("expires_at"))
    if expires_at is None:
        raise MalformedError("field", "expires_at is required: it must be a time such as 2026-01-31T12:00:00Z")
    if expires_at > now + MAX_LIFETIME:
        raise MalformedError("field", f"expires_at must lie ahead by at most {MAX_LIFETIME.days} days (168h)")
    return expires_at


def _expiry(fields: dict[str, Any], now: dt.datetime) -> dt.datetime:
    span, moment = fields.get("expires_in"), fields.get("expires_at")
    if span is not None and moment is not None:
        raise MalformedError("field", "expires_in and expires_at exclude each other: give one of them")
    if span is not None:
        return _within(now + _span(span), now, "expires_in")
    if moment is not None:
        expires_at = parse_timestamp(moment)
        if expires_at is None:
            raise MalformedError("field", "expires_at must be a time such as 2026-01-31T12:00:00Z")
        return _within(expires_at, now, "expires_at")
    return now + DEFAULT_LIFETIME


def _span(text: Any) -> dt.timedelta:
    if not isinstance(text, str):
        raise MalformedError("type", "expires_in must be a string, a duration such as 30s or 1h")
    try:
        return dt.timedelta(seconds=min(parse_duration(text), 2 * MAX_LIFETIME.total_seconds()))
    except ValueError as error:
        raise MalformedError("field", f"expires_in {error}") from None


def _within(expires_at: dt.datetime, now: dt.datetime, name: str) -> dt.datetime:
    if not now < expires_at <= now + MAX_LIFETIME:
        raise MalformedError("field", f"{name} must lie ahead, by at most {MAX_LIFETIME.days} days (168h)")
    return expires_at
