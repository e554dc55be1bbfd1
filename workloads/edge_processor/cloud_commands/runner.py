"""Handles the commands of the cloud: sends them by the gateway, follows them, and delivers their results."""

import asyncio
import logging
from typing import ClassVar

from edge_pacing.backoff import Backoff
from edge_processor.cloud_commands.audit import log_refused
from edge_processor.cloud_commands.command import REFUSED, CloudCommand, CommandResult
from edge_processor.cloud_commands.gateway_client import GatewayClient, GatewayUnavailableError
from edge_processor.cloud_commands.open_commands import MAX_OPEN_OF_DEVICE, DeviceTurn, OpenCommands
from edge_processor.cloud_commands.source import CommandSource
from edge_processor.metrics import ProcessorMetrics

MAX_REQUESTS = 32
"""Maximum number of concurrent requests to the gateway."""

FOLLOW_SECONDS = (0.1, 10.0)
"""First and longest pause between two requests for the state of a command, in seconds."""

RETRY_SECONDS = (0.2, 5.0)
"""First and longest pause after a request that the gateway could not answer, in seconds."""

TOO_MANY = "TooManyCommands"

logger = logging.getLogger(__name__)


class CloudCommands:
    """Handles commands until cancelled.

    Each command has a task of its own: a device that does not answer, or a result that cannot be delivered, delays no
    other command. What a process does not finish arrives again, here or at the next ingester. The gateway sends a
    command once, however often it is requested with the same id.

    Args:
        source: the way to the cloud.
        gateway: sends the commands.
        metrics: of the processor.
    """

    name: ClassVar[str] = "cloud-commands"

    def __init__(self, source: CommandSource, gateway: GatewayClient, metrics: ProcessorMetrics) -> None:
        self._source = source
        self._gateway = gateway
        self._metrics = metrics
        self._open = OpenCommands()
        self._requests = asyncio.Semaphore(MAX_REQUESTS)
        self._problem = ""

    async def run(self) -> None:
        """Handle commands until cancelled."""
        try:
            async with self._source, asyncio.TaskGroup() as group:
                while True:
                    await self._open.has_room.wait()
                    for command in await self._source.receive():
                        if command not in self._open:
                            self._begin(command, group)
        finally:
            self._gateway.close()

    def _begin(self, command: CloudCommand, group: asyncio.TaskGroup) -> None:
        is_full = self._open.is_full(command.device_id)
        turn = self._open.add(command)
        result = self._too_many(command) if is_full else None
        name = f"command {command.command_id} of device {command.device_id}"
        group.create_task(self._handle(command, turn, result), name=name)

    async def _handle(self, command: CloudCommand, turn: DeviceTurn, result: CommandResult | None) -> None:
        try:
            while result is None:
                async with turn.sending:
                    result = await self._send(command)
                result = result or await self._follow(command)
            self._metrics.cloud_commands.labels(result.state).inc()
            await self._source.answer(command, result)
        except Exception:
            # Not the end of the task: the command arrives again.
            logger.exception("cannot handle the command %s of device %s", command.command_id, command.device_id)
        finally:
            self._open.remove(command)

    def _too_many(self, command: CloudCommand) -> CommandResult:
        message = f"device {command.device_id} has {MAX_OPEN_OF_DEVICE} commands without a result: send it later"
        fields = {"device_id": command.device_id, "command_id": command.command_id, "command": command.command}
        log_refused(fields, TOO_MANY, message)
        return CommandResult(REFUSED, reason=TOO_MANY, message=message)

    async def _send(self, command: CloudCommand) -> CommandResult | None:
        backoff = Backoff(*RETRY_SECONDS)
        while True:
            try:
                async with self._requests:
                    result = await self._gateway.send(command)
            except GatewayUnavailableError as error:
                self._note(str(error))
            except LookupError:
                # The store has lost it between two requests.
                pass
            else:
                self._note("")
                return result
            await asyncio.sleep(backoff.next())

    async def _follow(self, command: CloudCommand) -> CommandResult | None:
        """Return the result when there is one; None if the gateway does not have the command any more."""
        pause, retry = Backoff(*FOLLOW_SECONDS), Backoff(*RETRY_SECONDS)
        seconds = pause.next()
        while True:
            await asyncio.sleep(seconds)
            try:
                async with self._requests:
                    result = await self._gateway.state(command)
            except LookupError:
                return None
            except GatewayUnavailableError as error:
                self._note(str(error))
                seconds = retry.next()
                continue
            self._note("")
            if result is not None:
                return result
            retry.reset()
            seconds = pause.next()

    def _note(self, problem: str) -> None:
        """Log when the gateway cannot be used, and when it can be used again."""
        if problem and problem != self._problem:
            logger.warning("the commands of the cloud wait for the gateway: %s", problem)
        if self._problem and not problem:
            logger.info("the gateway takes the commands of the cloud again")
        self._problem = problem
