"""States of a container in the status of its pod, and its last words. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

from edge_wire.messages import parse_timestamp

CRASH_RUN_SECONDS = 600.0
"""A container that ran for longer does not crash-loop: the kubelet resets its back-off after this time."""

DETAIL_CHARACTERS = 300
"""Maximum length of quoted words, in characters."""

_NUMBERS = re.compile(r"\d+")


def state_of(container: Mapping[str, Any], state: str) -> Mapping[str, Any]:
    """Return the present state of a container if it is waiting, running or terminated (`state`), else `{}`."""
    return (container.get("state") or {}).get(state) or {}


def last_end(container: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how the container ended last; `{}` if it never did."""
    return state_of(container, "terminated") or (container.get("lastState") or {}).get("terminated") or {}


def was_short(ended: Mapping[str, Any]) -> bool:
    """Return whether a container that ended had run for less than `CRASH_RUN_SECONDS`."""
    began, end = parse_timestamp(ended.get("startedAt")), parse_timestamp(ended.get("finishedAt"))
    return began is None or end is None or (end - began).total_seconds() < CRASH_RUN_SECONDS


def last_words(ended: Mapping[str, Any]) -> str:
    """Return the last line of a program's log or of its termination message.

    Of a line of ours, which is JSON, it is the message, with the last line of the error.
    """
    lines = str(ended.get("message") or "").strip().splitlines()
    last = lines[-1] if lines else ""
    try:
        found = json.loads(last)
    except (ValueError, RecursionError):
        return last
    if not isinstance(found, dict) or "message" not in found:
        return last
    error = str(found.get("error") or "").strip().splitlines()[-1:]
    return ": ".join([str(found["message"]), *error])


def same_words(one: str, other: str) -> bool:
    """Return whether two texts differ at most in numbers, such as a port or a time: those may differ each time."""
    return _NUMBERS.sub("#", one) == _NUMBERS.sub("#", other)


def one_line(text: str) -> str:
    """Return text on one line, of `DETAIL_CHARACTERS` at most."""
    line = " ".join(text.split())
    return line if len(line) <= DETAIL_CHARACTERS else line[: DETAIL_CHARACTERS - 1] + "…"
