"""Sends commands and follows them until the device has answered."""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from edge_gateway.commands.audit import CommandAudit
from edge_gateway.commands.notifier import Notifier
from edge_gateway.commands.record import CommandRecord, key_of
from edge_gateway.commands.repository import CommandRepository
from edge_gateway.commands.request import parse_command
from edge_gateway.problem import unavailable
from edge_service.mqtt import MqttError
from edge_wire.messages import Command, CommandAck
from edge_wire.store import OPEN_STATES, CommandState

POLL_SECONDS = 1.0
"""Seconds between two reads of the store by a request that waits for an acknowledgement: other replicas write too."""

FETCH_POLL_SECONDS = 2.0
"""The same for a device that waits for a command; longer, as every device may wait all the time."""

SENDING = dt.timedelta(seconds=2)
"""A Queued command is left to the replica that sends it for this time; then that replica is assumed to have ended."""

Now = Callable[[], dt.datetime]

logger = logging.getLogger(__name__)


class CommandPublisher(Protocol):
    """Publishes commands on the broker."""

    def check_connected(self) -> None:
        """Raise ProblemError if there is no connection to the broker."""

    async def command(self, device_id: str, command: Command) -> bool:
        """Publish a command; return whether a session at the broker subscribes to its topic."""


class Commands:
    """The commands of the site.

    Every replica receives every acknowledgement. While a replica sends a command, it alone has the newest state, so it
    merges an acknowledgement that arrives during it; afterwards the store has the newest state.

    Args:
        repository: keeps them.
        publisher: sends them to the broker.
        audit: logs and counts commands.
        now: the time (aware).
    """

    def __init__(
        self, repository: CommandRepository, publisher: CommandPublisher, audit: CommandAudit, now: Now
    ) -> None:
        self.notifier = Notifier()
        self._repository = repository
        self._publisher = publisher
        self._audit = audit
        self._now = now
        self._sending: dict[str, CommandRecord] = {}
        """By `CommandRecord.key`."""

    async def send(self, device_id: str, body: bytes) -> CommandRecord:
        """Send the command of a request; return it with its state after that.

        Raises:
            ProblemError: the body is not a command, or the store or the broker is unavailable.
        """
        now = self._now()
        command = parse_command(body, uuid.uuid4().hex, now)
        self.check_connected()
        record = CommandRecord(device_id, command, now)
        await self._keep(record)
        return await self.transmit(record)

    def check_connected(self) -> None:
        """Check that commands can be sent now.

        Raises:
            ProblemError: there is no connection to the broker (503).
        """
        self._publisher.check_connected()

    def is_sending(self, record: CommandRecord) -> bool:
        """Return whether this replica sends a command at this moment."""
        return record.key in self._sending

    async def transmit(self, record: CommandRecord) -> CommandRecord:
        """Send a command that the store has; return it with its state after that, which the audit logs.

        Raises:
            ProblemError: the store or the broker is unavailable.
        """
        self._sending[record.key] = record
        try:
            await self._publish(record)
        finally:
            record = await self._settle(record.key)
        self.notifier.notify(record.device_id)
        return record

    async def outcome(self, record: CommandRecord, seconds: float) -> CommandRecord:
        """Return the command when the device has acknowledged it, or its state after `seconds`.

        Raises:
            ProblemError: the store is unavailable.
        """
        async for left in self._until(seconds):
            if record.state_at(self._now()) not in OPEN_STATES:
                break
            await self.notifier.wait(record.key, min(left, POLL_SECONDS))
            record = await self._repository.get(record.device_id, record.command.command_id) or record
        return record

    async def find(self, device_id: str, command_id: str) -> CommandRecord | None:
        """Return a command, None if there is none.

        Raises:
            ProblemError: the store is unavailable.
        """
        return await self._repository.get(device_id, command_id)

    async def pending_for(self, device_id: str, seconds: float, *, fetch: bool) -> list[CommandRecord]:
        """Return the commands that a device has not acknowledged; if there are none, wait for one.

        They are returned until they are acknowledged: a device that loses a response gets them again.

        Args:
            device_id: the device.
            seconds: maximum time to wait.
            fetch: whether the device itself asks: then they become Sent.

        Raises:
            ProblemError: the store is unavailable.
        """
        found = await self._pending(device_id)
        async for left in self._until(seconds):
            if found:
                break
            rung = await self.notifier.wait(device_id, min(left, FETCH_POLL_SECONDS))
            if rung or await self._repository.has_fetchable(device_id):
                found = await self._pending(device_id)
        return [await self._fetched(record) for record in found] if fetch else found

    async def answer(self, device_id: str, ack: CommandAck) -> CommandRecord | None:
        """Handle a device's acknowledgement; return the command, None if there is none with this id.

        Raises:
            ProblemError: the store is unavailable.
        """
        key = key_of(device_id, ack.command_id)
        if (sending := self._sending.get(key)) is not None:
            self._sending[key] = sending.answered(ack)
            return self._sending[key]
        record = await self._repository.get(device_id, ack.command_id)
        if record is None:
            return None
        answered = record.answered(ack)
        if answered is not record:
            answered = await self._keep(answered)
        self.notifier.notify(key)
        return answered

    async def _publish(self, record: CommandRecord) -> None:
        key = record.key
        try:
            session = await self._publisher.command(record.device_id, record.command)
        except MqttError as error:
            self._sending[key] = self._sending[key].interrupted()
            detail = f"command {record.command.command_id} may not have been sent: {error}"
            raise unavailable("BrokerUnavailable", detail) from error
        self._sending[key] = self._sending[key].sent(session=session)

    async def _settle(self, key: str) -> CommandRecord:
        """Store and log the state of a command after sending it, with acknowledgements that arrived during it."""
        settled: CommandRecord | None = None
        try:
            while True:
                latest = self._sending[key]
                kept = await self._keep(latest)
                if self._sending[key] is latest:
                    settled = kept
                    return settled
        finally:
            # Also if the store does not take the state: the command was published.
            self._audit.sent(settled or self._sending[key])
            del self._sending[key]
            self.notifier.notify(key)

    async def _keep(self, record: CommandRecord) -> CommandRecord:
        kept = await self._repository.put(record)
        if kept.state is record.state:
            self._audit.count(record)
        return kept

    async def _fetched(self, record: CommandRecord) -> CommandRecord:
        return record if record.state is CommandState.SENT else await self._keep(record.fetched())

    async def _pending(self, device_id: str) -> list[CommandRecord]:
        now = self._now()
        found = []
        for record in await self._repository.unanswered(device_id):
            if record.state_at(now) is CommandState.EXPIRED:
                await self._keep(record.expired())
            elif record.state is not CommandState.QUEUED or now - record.created_at > SENDING:
                found.append(record)
        return found

    async def _until(self, seconds: float) -> AsyncIterator[float]:
        """Yield the rest of `seconds` until none is left, or the gateway shuts down."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not self.notifier.closed and (left := end - loop.time()) > 0:
            yield left
