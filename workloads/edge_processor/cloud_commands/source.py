"""What is required of the way to the cloud on which commands arrive."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from edge_processor.cloud_commands.command import CloudCommand, CommandResult


class CommandSource(Protocol):
    """A place that sends commands and takes their results; an asynchronous context manager.

    Nothing that the cloud sends, or does not send, makes a method raise. A command arrives again until its result is
    delivered, also after a restart of this process.
    """

    async def __aenter__(self) -> Self:
        """Begin to connect."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""

    async def receive(self) -> Sequence[CloudCommand]:
        """Wait until there are commands, and return them; some may have been returned before."""

    async def answer(self, command: CloudCommand, result: CommandResult) -> None:
        """Deliver the result of a command; return when that is done, or when the cloud rejects it."""
