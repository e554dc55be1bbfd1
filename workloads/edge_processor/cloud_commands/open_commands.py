"""The commands that are being handled, with their limits. Pure."""

import asyncio
from dataclasses import dataclass, field

from edge_processor.cloud_commands.command import CloudCommand

MAX_OPEN = 1000
"""Maximum number of commands that are handled at the same time; others wait in the cloud."""

MAX_OPEN_OF_DEVICE = 100
"""Maximum number of commands of one device that are handled at the same time; more are refused. One device that does
not answer leaves room for others."""


@dataclass(slots=True)
class DeviceTurn:
    """The open commands of one device.

    Attributes:
        sending: held while a command is sent: they are sent in the order in which they arrived.
        count: number of open commands.
    """

    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    count: int = 0


class OpenCommands:
    """The commands that are being handled.

    Attributes:
        has_room: set while another command may be added.
    """

    def __init__(self) -> None:
        self.has_room = asyncio.Event()
        self.has_room.set()
        self._keys: set[tuple[str, str]] = set()
        self._turns: dict[str, DeviceTurn] = {}

    def __len__(self) -> int:
        """Return the number of commands."""
        return len(self._keys)

    def __contains__(self, command: CloudCommand) -> bool:
        """Return whether a command is being handled."""
        return command.key in self._keys

    def is_full(self, device_id: str) -> bool:
        """Return whether a device has as many commands as it may have."""
        turn = self._turns.get(device_id)
        return turn is not None and turn.count >= MAX_OPEN_OF_DEVICE

    def add(self, command: CloudCommand) -> DeviceTurn:
        """Add a command that is not among them; return the turn of its device."""
        self._keys.add(command.key)
        if len(self._keys) >= MAX_OPEN:
            self.has_room.clear()
        turn = self._turns.setdefault(command.device_id, DeviceTurn())
        turn.count += 1
        return turn

    def remove(self, command: CloudCommand) -> None:
        """Remove a command."""
        self._keys.discard(command.key)
        self.has_room.set()
        turn = self._turns[command.device_id]
        turn.count -= 1
        if not turn.count:
            del self._turns[command.device_id]
