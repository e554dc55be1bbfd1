"""Commands to a simulated device."""

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edge_wire.messages import ACK_FAILED, ACK_OK, Command, CommandAck

CACHED_COMMANDS = 100
"""Number of cached acknowledgements: a redelivered command is acknowledged again, not carried out again."""


class RefusedError(Exception):
    """The device cannot carry out the command; the message is the reason."""


@dataclass(slots=True)
class Commands:
    """Carries out and acknowledges commands.

    Attributes:
        actions: by the command's name; each gets the parameters and returns the result.
    """

    actions: dict[str, Callable[[dict[str, Any]], Any]]
    _answered: OrderedDict[str, CommandAck] = field(default_factory=OrderedDict, init=False)

    def answer(self, command: Command, now: dt.datetime) -> CommandAck:
        """Carry out `command` unless it was carried out before or has expired, and return the acknowledgement."""
        known = self._answered.get(command.command_id)
        if known is not None:
            return known
        answer = self._carry_out(command, now)
        self._answered[command.command_id] = answer
        if len(self._answered) > CACHED_COMMANDS:
            self._answered.popitem(last=False)
        return answer

    def _carry_out(self, command: Command, now: dt.datetime) -> CommandAck:
        if command.expires_at <= now:
            return CommandAck(command.command_id, ACK_FAILED, "the command arrived after it expired")
        action = self.actions.get(command.name)
        if action is None:
            known = ", ".join(sorted(self.actions))
            return CommandAck(command.command_id, ACK_FAILED, f"unknown command; this device supports {known}")
        try:
            return CommandAck(command.command_id, ACK_OK, action(dict(command.params)))
        except RefusedError as error:
            return CommandAck(command.command_id, ACK_FAILED, str(error))
