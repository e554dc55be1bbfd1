"""Logs each command of the cloud that does not reach the gateway as a line that is never withheld."""

import logging
from collections.abc import Mapping
from typing import Any

from edge_logs import AUDIT, OBJECT
from edge_processor.cloud_commands.command import REFUSED

MALFORMED = "Malformed"
"""The reason for a command without valid ids: it gets no result."""

MAX_CHARACTERS = 256
"""Maximum characters of a member that comes from the cloud."""

logger = logging.getLogger(__name__)


def log_refused(fields: Any, reason: str, message: str) -> None:
    """Log a command that was not sent, with the members of the gateway's audit.

    Args:
        fields: of the command; may be anything, as the cloud sent it.
        reason: why it was refused, in CamelCase.
        message: the same for people.
    """
    named = {name: _text(fields, name) for name in ("device_id", "command_id", "command")}
    device_id = named.pop("device_id")
    members = {"actor": "cloud", "device": device_id, **named, "state": REFUSED, "reason": reason}
    logger.warning(
        "command %s of cloud to device %s: %s: %s",
        named["command_id"],
        device_id,
        REFUSED,
        message,
        extra={OBJECT: f"device {device_id}", AUDIT: members},
    )


def _text(fields: Any, name: str) -> str:
    value = fields.get(name) if isinstance(fields, Mapping) else None
    return value[:MAX_CHARACTERS] if isinstance(value, str) else ""
