"""Publishes the broker's boot id and the agent's status."""

import asyncio
import contextlib
import datetime as dt
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from edge_broker_agent.process_watch import ProcessWatch
from edge_pacing.backoff import Backoff
from edge_service.mqtt import MqttError, MqttOptions, MqttSession, Will
from edge_service.program import release
from edge_wire import topics
from edge_wire.messages import BrokerBoot, ComponentStatus, DataLost

COMPONENT = "mqtt"
CLIENT_ID = "~mqtt"
SIGN_OFF_SECONDS = 2.0
TOPIC = topics.component_status(COMPONENT)

logger = logging.getLogger(__name__)


class StatusPublisher:
    """Publishes in a separate MQTT session while Mosquitto runs.

    Args:
        options: of the session.
        process_watch: the running Mosquitto.
        facts: other fields of the status.
        data_lost: returns what the broker has lost lately; None if nothing.
        changed: set when the facts or the lost data have changed.
    """

    def __init__(
        self,
        options: MqttOptions,
        process_watch: ProcessWatch,
        facts: Callable[[], Mapping[str, Any]],
        data_lost: Callable[[], DataLost | None],
        changed: asyncio.Event,
    ) -> None:
        self._process_watch = process_watch
        self._facts = facts
        self._data_lost = data_lost
        self._changed = changed
        self._announced = b""
        # Receivers need the new boot id soon: the first attempts follow each other quickly.
        backoff = Backoff(first=0.05, longest=1.0)
        self._session = MqttSession(
            replace(options, will=self._will),
            on_connected=self._connected,
            backoff=backoff,
            may_connect=self._while_running,
        )

    async def run(self) -> None:
        """Publish until cancelled; then publish `offline`."""
        async with self._session:
            try:
                while True:
                    await self._changed.wait()
                    self._changed.clear()
                    if self._boot() != self._announced:
                        await self._announce()
                    await self._status("online")
            finally:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SIGN_OFF_SECONDS):
                        await self._status("offline")

    async def _while_running(self) -> None:
        await self._process_watch.running.wait()

    async def _connected(self, _session_present: bool) -> None:  # noqa: FBT001 - the shape of a callback
        await self._announce()
        await self._status("online")

    async def _announce(self) -> None:
        """Publish the boot id, and what was lost."""
        payload = self._boot()
        if payload:
            await self._try_to_publish(topics.BROKER_BOOT, payload)
            self._announced = payload

    def _boot(self) -> bytes:
        broker = self._process_watch.current()
        return BrokerBoot(broker.boot, self._data_lost()).encode() if broker else b""

    async def _status(self, status: Literal["online", "offline"]) -> None:
        await self._try_to_publish(TOPIC, self._payload(status))

    async def _try_to_publish(self, topic: str, payload: bytes) -> None:
        try:
            await self._session.publish(topic, payload, retain=True)
        except MqttError as error:
            logger.debug("cannot publish on %s now; retrying on the next connect: %s", topic, error)

    def _will(self) -> Will:
        return Will(TOPIC, self._payload("offline"), retain=True)

    def _payload(self, status: Literal["online", "offline"]) -> bytes:
        now = dt.datetime.now(dt.UTC)
        return ComponentStatus(COMPONENT, status, socket.gethostname(), release(), now, self._facts()).encode()
