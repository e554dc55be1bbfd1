"""The members of an error by RFC 9457, without a framework: every HTTP server of ours answers errors with them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"


def problem_document(status: int, reason: str, detail: str, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the body of an error.

    Args:
        status: HTTP status code.
        reason: short CamelCase name that programs may compare.
        detail: for people: which object, and what to do.
        extra: other members.
    """
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        # For clients that look for this member only.
        "error": title,
        "status": int(status),
        "reason": reason,
        "detail": detail,
        **(extra or {}),
    }
