"""Logs each command to a device as one line that is never withheld, and counts it."""

import logging

from prometheus_client import Counter

from edge_gateway.auth.actor import Actor
from edge_gateway.commands.record import CommandRecord
from edge_logs import AUDIT, OBJECT
from edge_wire.messages import MalformedError
from edge_wire.messages.document import load_object
from edge_wire.store import CommandState

REFUSED = "Refused"
"""The state in the audit of a command that the gateway did not send."""

MAX_CHARACTERS = 256
"""Maximum characters of a member that comes from the body of a request."""

logger = logging.getLogger(__name__)


class CommandAudit:
    """The audit of commands.

    Args:
        states: counts state changes at this replica, by actor and state.
    """

    def __init__(self, states: Counter) -> None:
        self._states = states

    def count(self, record: CommandRecord) -> None:
        """Count a state of a command."""
        self._states.labels(record.actor.value, record.state.value).inc()

    def sent(self, record: CommandRecord) -> None:
        """Log a command after the attempt to send it, or after its expiry."""
        self._log(
            logging.INFO,
            record.actor,
            record.device_id,
            record.command.command_id,
            _text(record.command.name),
            record.state,
            {},
        )

    def refused(self, actor: Actor, device_id: str, body: bytes, reason: str) -> None:
        """Log and count a command that was not sent.

        Args:
            actor: the sender.
            device_id: the recipient.
            body: of the request, which may not be a command.
            reason: why it was refused, in CamelCase.
        """
        self._states.labels(actor.value, REFUSED).inc()
        named = _named(body)
        self._log(logging.WARNING, actor, device_id, named["command_id"], named["command"], REFUSED, {"reason": reason})

    def _log(
        self,
        level: int,
        actor: Actor,
        device_id: str,
        command_id: str,
        command: str,
        state: CommandState | str,
        more: dict[str, str],
    ) -> None:
        members = {
            "actor": actor.value,
            "device": device_id,
            "command_id": command_id,
            "command": command,
            "state": str(state),
        }
        logger.log(
            level,
            "command %s of %s to device %s: %s",
            command_id,
            actor.value,
            device_id,
            state,
            extra={OBJECT: f"device {device_id}", AUDIT: members | more},
        )


def _named(body: bytes) -> dict[str, str]:
    try:
        fields = load_object(body)
    except MalformedError:
        fields = {}
    return {name: _text(fields.get(name)) for name in ("command_id", "command")}


def _text(value: object) -> str:
    return value[:MAX_CHARACTERS] if isinstance(value, str) else ""
