"""Commands by MQTT: a durable session of its own with the broker of the cloud."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from edge_pacing.backoff import Backoff
from edge_processor.cloud_commands.audit import MALFORMED, log_refused
from edge_processor.cloud_commands.command import CloudCommand, CommandResult
from edge_processor.cloud_commands.open_commands import MAX_OPEN
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.cloud.mqtt.address import cloud_broker
from edge_processor.sinks.cloud.mqtt.attempts import Attempts
from edge_processor.sinks.cloud.mqtt.login import login_in
from edge_service.mqtt import Message, MqttError, MqttOptions, MqttSession, Subscription
from edge_wire.messages import MalformedError
from edge_wire.messages.document import load

TOPIC = "cloud/commands/"
"""Commands to a device arrive on this topic with its id, after the path of the endpoint."""

SESSION_EXPIRY_SECONDS = 7 * 24 * 3600
"""Seconds for which the broker keeps commands while there is no connection; no command has a longer deadline."""

logger = logging.getLogger(__name__)

_Key = tuple[str, str]


class MqttSource:
    """A `CommandSource`.

    A message is acknowledged when the result of its command is published, so that the broker sends it again to the
    next process if this one ends before. MQTT requires acknowledgements in the order of the messages.

    Args:
        endpoint: `mqtts://host:port`, perhaps with a path, which is before every topic.
        credentials_dir: the login, as that of the readings; None is anonymous.
        client_id: of the session.
        sync_interval: maximum seconds between two attempts that the broker refuses.
        metrics: of the processor.

    Raises:
        ValueError: the endpoint is not such an address.
    """

    def __init__(
        self,
        endpoint: str,
        credentials_dir: Path | None,
        client_id: str,
        sync_interval: float,
        metrics: ProcessorMetrics,
    ) -> None:
        address, self._prefix = cloud_broker(endpoint)
        options = MqttOptions(
            address,
            client_id,
            read_login=partial(login_in, credentials_dir),
            clean_start=False,
            session_expiry=SESSION_EXPIRY_SECONDS,
            receive_maximum=MAX_OPEN,
            manual_ack=True,
            subscriptions=(Subscription(f"{self._prefix}{TOPIC}+", replay="never"),),
        )
        self._attempts = Attempts(credentials_dir, sync_interval)
        self._session = MqttSession(options, self._received, backoff=self._attempts.backoff, on_down=self._down)
        self._metrics = metrics
        self._sync_interval = sync_interval
        self._commands: asyncio.Queue[CloudCommand] = asyncio.Queue()
        self._unacknowledged: deque[tuple[_Key | None, Message]] = deque()
        self._answered: set[_Key] = set()
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        await self._session.__aenter__()
        self._watching = asyncio.create_task(self._attempts.watch(self._session))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        if self._watching is not None:
            self._watching.cancel()
        await self._session.__aexit__(kind, error, trace)

    async def receive(self) -> Sequence[CloudCommand]:
        """Wait for a command."""
        return (await self._commands.get(),)

    async def answer(self, command: CloudCommand, result: CommandResult) -> None:
        """Publish a result, and acknowledge the command."""
        topic = f"{self._prefix}{TOPIC}{command.device_id}/result"
        payload = orjson.dumps({"command_id": command.command_id} | result.to_object())
        backoff = Backoff(0.2, self._sync_interval)
        while True:
            await self._session.connected.wait()
            try:
                await self._session.publish(topic, payload)
            except MqttError as error:
                logger.warning("the result of the command %s waits: %s", command.command_id, error)
                await asyncio.sleep(backoff.next())
            else:
                break
        if any(key == command.key for key, _ in self._unacknowledged):
            self._answered.add(command.key)
        self._acknowledge()

    def _received(self, message: Message) -> None:
        command = self._parse(message)
        self._unacknowledged.append((command.key if command else None, message))
        if command is None:
            self._acknowledge()
        else:
            self._commands.put_nowait(command)

    def _parse(self, message: Message) -> CloudCommand | None:
        device_id = message.topic.removeprefix(f"{self._prefix}{TOPIC}")
        document: Any = None
        try:
            document = load(message.payload)
            return CloudCommand.from_document(document, device_id)
        except MalformedError as error:
            self._metrics.cloud_commands.labels("malformed").inc()
            fields = document if isinstance(document, dict) else {}
            log_refused({**fields, "device_id": device_id}, MALFORMED, error.message)
            return None

    def _acknowledge(self) -> None:
        """Acknowledge the oldest messages up to the first one with a command that has no result yet."""
        while self._unacknowledged:
            key, message = self._unacknowledged[0]
            if key is not None and key not in self._answered:
                return
            self._unacknowledged.popleft()
            message.ack()
            if key is not None and all(key != other for other, _ in self._unacknowledged):
                self._answered.discard(key)

    def _down(self, error: MqttError) -> None:
        """Forget the messages of a connection that has ended: the broker sends them again on the next one."""
        self._attempts.failed(error)
        self._unacknowledged.clear()
        self._answered.clear()
        while not self._commands.empty():
            self._commands.get_nowait()
