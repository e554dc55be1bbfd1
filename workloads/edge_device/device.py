"""One simulated device on MQTT, from its birth to its sign-off."""

import asyncio
import contextlib
import datetime as dt
import random
import secrets
from typing import Any, Literal

from edge_device.commands import Commands, RefusedError
from edge_device.events import Events
from edge_device.identity import Identity
from edge_device.kinds import KINDS, Walk
from edge_device.settings import DeviceSettings
from edge_device.unsent import Unsent
from edge_pacing.backoff import Backoff
from edge_service.mqtt import (
    NO_MATCHING_SUBSCRIBERS,
    NOT_YET,
    Message,
    MqttError,
    MqttOptions,
    MqttSession,
    NotConnectedError,
    Subscription,
    Will,
)
from edge_service.program import release
from edge_wire import topics
from edge_wire.messages import SIGN_OFF, Command, DeviceStatus, MalformedError, Reading

MAX_UNSENT = 10_000
"""Readings; beyond it the oldest are dropped."""

WINDOW = 100
"""Unacknowledged messages in each direction."""

SIGN_OFF_SECONDS = 15.0
"""Hundreds of devices in one process sign off at the same time; a pod has 30 s to end."""
SESSION_EXPIRY_SECONDS = 300
"""Seconds that the broker keeps the session, and so the commands, of an offline device."""

LAST_WILL = "LastWill"


class Device:
    """One simulated device."""

    def __init__(self, identity: Identity, settings: DeviceSettings, events: Events) -> None:
        kind = KINDS[settings.kind]
        self._id = identity.device_id
        self._settings = settings
        self._events = events
        self._chance = random.Random(identity.device_id)  # noqa: S311 - plausible values, no secrets
        usual = kind.usual if settings.usual is None else settings.usual
        self._walk = Walk(kind, settings.unit or kind.unit, usual, self._chance)
        self._unsent = Unsent(MAX_UNSENT)
        self._commands = Commands({"ping": lambda _: "pong", "set": self._set, "reboot": lambda _: "rebooted"})
        self._answers: asyncio.Queue[Command] = asyncio.Queue(WINDOW)
        self._session_id = ""
        self._seq = 0
        self._spoke_at = 0.0
        self._session = MqttSession(
            self._options(identity), self._received, self._birth, Backoff(first=0.5, longest=15.0)
        )

    async def run(self) -> None:
        """Run until cancelled, then send the rest and sign off."""
        async with self._session, asyncio.TaskGroup() as group:
            work = [group.create_task(task) for task in (self._send(), self._answer(), self._beat())]
            try:
                await self._measure()
            finally:
                await self._sign_off()
                for task in work:
                    task.cancel()

    def _options(self, identity: Identity) -> MqttOptions:
        return MqttOptions(
            identity.broker,
            self._id,
            identity.directory,
            identity.login,
            prefix=self._settings.mqtt_topic_prefix,
            clean_start=False,
            session_expiry=SESSION_EXPIRY_SECONDS,
            receive_maximum=WINDOW,
            subscriptions=(Subscription(topics.device_command(self._id)),),
            will=self._will,
            inflight=WINDOW,
        )

    def _will(self) -> Will:
        """Begin a new session of the device and return its will."""
        self._session_id = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self._seq = 0
        return Will(topics.device_status(self._id), self._status("offline", LAST_WILL), retain=True)

    async def _birth(self, _session_present: bool) -> None:  # noqa: FBT001 - the shape of a callback
        self._events.emit("online", self._id, session=self._session_id)
        await self._session.publish(topics.device_status(self._id), self._status("online"), retain=True)

    async def _measure(self) -> None:
        """Measure in even steps, whatever the connection does; the fleet's first steps are spread."""
        await self._session.connected.wait()
        loop, pause = asyncio.get_running_loop(), self._settings.pause
        due = loop.time() + self._chance.uniform(0, pause)
        while True:
            await asyncio.sleep(due - loop.time())
            due += pause
            self._seq += 1
            reading = Reading(
                device_id=self._id,
                sensor_type=self._settings.kind,
                value=self._walk.next(),
                timestamp=dt.datetime.now(dt.UTC),
                unit=self._walk.unit,
                location=self._settings.edge_location,
                session=self._session_id,
                seq=self._seq,
            )
            self._unsent.add(reading)

    async def _send(self) -> None:
        """Send readings in order, each until the broker has acknowledged it."""
        topic = topics.device_data(self._id)
        while True:
            await self._session.connected.wait()
            window = await self._unsent.take(WINDOW)
            sent = [self._session.send(topic, reading.encode()) for reading in window]
            for reading in window:
                self._events.emit("reading", self._id, value=reading.value, unit=reading.unit, seq=reading.seq)
            answers = await asyncio.gather(*sent, return_exceptions=True)
            again: list[Reading] = []
            for reading, answer in zip(window, answers, strict=True):
                self._settle(reading, answer, again)
            self._unsent.done(again)
            self._spoke_at = asyncio.get_running_loop().time()

    def _settle(self, reading: Reading, answer: int | BaseException, again: list[Reading]) -> None:
        if isinstance(answer, NotConnectedError):
            again.append(reading)
        elif isinstance(answer, MqttError):
            self._events.emit("refused", self._id, seq=reading.seq, error=answer)
        elif answer == NO_MATCHING_SUBSCRIBERS:
            self._events.emit("unheard", self._id, session=reading.session, seq=reading.seq)
        else:
            self._events.emit("acknowledged", self._id, session=reading.session, seq=reading.seq)

    def _received(self, message: Message) -> None:
        try:
            command = Command.parse(message.payload)
            self._answers.put_nowait(command)
        except (MalformedError, asyncio.QueueFull) as error:
            self._events.emit("bad_command", self._id, error=str(error) or "too many commands at once")

    async def _answer(self) -> None:
        while True:
            command = await self._answers.get()
            ack = self._commands.answer(command, dt.datetime.now(dt.UTC))
            self._events.emit("command", self._id, command=command.name, id=command.command_id, status=ack.status)
            with contextlib.suppress(MqttError):  # the command comes again, or expires
                await self._session.publish(topics.device_command_ack(self._id), ack.encode())

    async def _beat(self) -> None:
        """Send a heartbeat when the device has sent nothing else for the heartbeat interval."""
        loop, pause = asyncio.get_running_loop(), self._settings.heartbeat
        while True:
            await asyncio.sleep(max(self._spoke_at + pause - loop.time(), pause / 10))
            if loop.time() - self._spoke_at < pause or not self._session.connected.is_set():
                continue
            with contextlib.suppress(MqttError):  # the next connection begins with a birth
                await self._session.publish(topics.device_status(self._id), self._status("online"), retain=True)
                self._events.emit("heartbeat", self._id)
                self._spoke_at = loop.time()

    async def _sign_off(self) -> None:
        """Send the rest and sign off, if there is a connection, within `SIGN_OFF_SECONDS`."""
        if not self._session.connected.is_set():
            self._events.emit("left_unconnected", self._id, error=self._session.last_error or NOT_YET)
            return
        with contextlib.suppress(MqttError, TimeoutError):
            async with asyncio.timeout(SIGN_OFF_SECONDS):
                await self._unsent.idle()
                await self._session.publish(
                    topics.device_status(self._id), self._status("offline", SIGN_OFF), retain=True
                )
                self._events.emit("offline", self._id, session=self._session_id, reason=SIGN_OFF)

    def _status(self, status: Literal["online", "offline"], reason: str | None = None) -> bytes:
        return DeviceStatus(
            id=self._id,
            status=status,
            name=self._id,
            type=f"{self._settings.kind}-sensor",
            location=self._settings.edge_location,
            last_seen=dt.datetime.now(dt.UTC),
            metadata={"firmware": f"edge-device {release()}"},
            session=self._session_id,
            reason=reason,
        ).encode()

    def _set(self, params: dict[str, Any]) -> str:
        """Carry out `set`: measure around another value from now on.

        Raises:
            RefusedError: the parameter is missing or no number.
        """
        value = params.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RefusedError("set needs the parameter value, a number")
        self._walk.move(float(value))
        return f"measuring around {value} {self._walk.kind.unit}"
