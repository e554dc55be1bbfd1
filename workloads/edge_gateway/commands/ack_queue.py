"""Command acknowledgements from MQTT, stored one after the other in a separate task."""

import asyncio
import logging

from prometheus_client import Counter

from edge_gateway.commands.service import Commands
from edge_pacing.backoff import Backoff
from edge_service.problem import ProblemError
from edge_wire.messages import CommandAck, MalformedError
from edge_wire.store import StoreError

MAX_WAITING = 1000
"""Maximum number of acknowledgements in the queue; more are dropped, so that a device cannot exhaust the memory."""

MAX_PAUSE_SECONDS = 2.0

logger = logging.getLogger(__name__)


class AckQueue:
    """Queue between the MQTT session and the commands.

    Args:
        commands: store the acknowledgements.
        dropped: counts dropped acknowledgements, by reason.
    """

    def __init__(self, commands: Commands, dropped: Counter) -> None:
        self._commands = commands
        self._dropped = dropped
        self._waiting: asyncio.Queue[tuple[str, CommandAck]] = asyncio.Queue(MAX_WAITING)

    def put(self, device_id: str, payload: bytes) -> None:
        """Parse and queue an acknowledgement from the broker."""
        try:
            self._waiting.put_nowait((device_id, CommandAck.parse(payload)))
        except MalformedError as error:
            self._dropped.labels(error.reason).inc()
            logger.warning("cannot decode a command acknowledgement of device %s: %s", device_id, error.message)
        except asyncio.QueueFull:
            self._dropped.labels("queue_full").inc()
            logger.warning("dropped a command acknowledgement of device %s: %d wait already", device_id, MAX_WAITING)

    async def run(self) -> None:
        """Store acknowledgements until cancelled; while the store is unavailable they wait."""
        while True:
            device_id, ack = await self._waiting.get()
            await self._work_on(device_id, ack)

    async def _work_on(self, device_id: str, ack: CommandAck) -> None:
        backoff = Backoff(longest=MAX_PAUSE_SECONDS)
        while True:
            if await self._done(device_id, ack):
                return
            await asyncio.sleep(backoff.next())

    async def _done(self, device_id: str, ack: CommandAck) -> bool:
        try:
            if await self._commands.answer(device_id, ack) is None:
                self._dropped.labels("unknown_command").inc()
                logger.warning("device %s acknowledged an unknown command: %s", device_id, ack.command_id[:64])
        except ProblemError as error:
            logger.warning("cannot store a command acknowledgement of device %s yet; retrying: %s", device_id, error)
            return False
        except (StoreError, ValueError) as error:
            self._dropped.labels("refused").inc()
            logger.warning("dropped a command acknowledgement of device %s: %s", device_id, error)
        return True
