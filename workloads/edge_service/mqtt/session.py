"""A session with the broker: connects, subscribes, reconnects."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol, Self

from edge_pacing.backoff import Backoff
from edge_service.mqtt.connection import Connection
from edge_service.mqtt.contention import Contention
from edge_service.mqtt.credentials import Login
from edge_service.mqtt.errors import ConnectError, MqttError, NotConnectedError
from edge_service.mqtt.message import Message
from edge_service.mqtt.options import MqttOptions

STEADY_SECONDS = 5.0
"""After a connection of this many seconds the back-off is reset."""

NO_MATCHING_SUBSCRIBERS = 0x10
"""MQTT 5 reason code: the broker accepted the message, but no session has a matching subscription."""

NOT_YET = "not connected yet"
"""Why there is no connection before the end of the first attempt."""

logger = logging.getLogger(__name__)


def _ignore(message: Message) -> None:
    logger.debug("no client is subscribed to %s", message.topic)


async def nothing(_session_present: bool) -> None:  # noqa: FBT001 - the shape of a callback
    """Do nothing on a connect."""


async def at_once() -> None:
    """Allow every attempt."""


def unmoved(_error: MqttError) -> None:
    """Do nothing when there is no connection."""


class BrokerConnection(Protocol):
    """What a session needs of a connection; `connection.Connection` is one.

    Attributes:
        session_present: whether the broker has resumed a session.
        taken_over: whether the connection has ended because another client has connected with the same client id.
        lost: done when the connection has ended; the result is the reason.
    """

    session_present: bool
    taken_over: bool
    lost: asyncio.Future[str]

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            ConnectError: the broker cannot be reached, refuses the client or a subscription, or does not answer.
        """

    def send(
        self, topic: str, payload: bytes, qos: int, *, retain: bool, expiry: int | None = None
    ) -> asyncio.Future[int]:
        """Send a message as `MqttSession.send` does; `expiry` is a number of seconds."""

    async def close(self) -> None:
        """Disconnect, so that the broker does not publish the will."""


class MqttSession:
    """A session with the broker; `run` (or the asynchronous context manager) reconnects until it is cancelled.

    Attributes:
        connected: set while there is a connection with its subscriptions; cleared before `send` fails without one.
        connects: number of connections so far.
        last_error: why there is no connection, while there is none; empty before the end of the first attempt.
        contention: whether other clients take the session over.
    """

    def __init__(
        self,
        options: MqttOptions,
        on_message: Callable[[Message], None] = _ignore,
        on_connected: Callable[[bool], Awaitable[None]] = nothing,
        backoff: Backoff | None = None,
        may_connect: Callable[[], Awaitable[None]] = at_once,
        on_down: Callable[[MqttError], None] = unmoved,
    ) -> None:
        """Prepare a session.

        Args:
            options: of the session.
            on_message: called in the event loop for each message; must not block.
            on_connected: awaited after each connect, concurrently, with whether the broker has resumed the session.
            backoff: waits between attempts.
            may_connect: awaited before each attempt; returns when this client may connect.
            on_down: called with the error when an attempt fails, or when the connection is lost.
        """
        self.options = options
        self.connected = asyncio.Event()
        self.connects = 0
        self.last_error = ""
        self._on_message = on_message
        self._on_connected = on_connected
        self._backoff = backoff or Backoff()
        self._may_connect = may_connect
        self._on_down = on_down
        self._connection: BrokerConnection | None = None
        self._running: asyncio.Task[None] | None = None
        self._retry_requested = asyncio.Event()
        self.contention = Contention(time.monotonic)

    def retry_now(self) -> None:
        """Make the next attempt immediately, and reset the back-off: call it if an attempt will probably succeed."""
        self._backoff.reset()
        self._retry_requested.set()

    def send(
        self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False, expiry: int | None = None
    ) -> asyncio.Future[int]:
        """Send a message; the future is done when the broker has acknowledged it.

        With `expiry` the broker drops it if it is not delivered after this number of seconds, 1 or more.

        The result is the broker's reason code: 0, or `NO_MATCHING_SUBSCRIBERS`. The future fails
        with NotConnectedError (now, or when the connection ends before the acknowledgement; nothing is sent again by
        itself) or with PublishRefusedError. Messages go out in the order of the calls.
        """
        if self._connection is None:
            done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            why = self.last_error or NOT_YET
            done.set_exception(NotConnectedError(f"not connected to {self.options.broker}: {why}"))
            return done
        return self._connection.send(topic, payload, qos, retain=retain, expiry=expiry)

    async def publish(
        self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False, expiry: int | None = None
    ) -> int:
        """Send a message, wait until the broker has acknowledged it (PUBACK, PUBCOMP), return its reason code.

        The arguments are those of `send`: `expiry` is a number of seconds.

        Raises:
            NotConnectedError: there is no connection, or it ended before.
            PublishRefusedError: the broker refuses it. Not with QoS 2: paho ignores the reason code of a PUBREC
                (eclipse-paho/paho.mqtt.python#895).
        """
        return await self.send(topic, payload, qos, retain=retain, expiry=expiry)

    async def run(self) -> None:
        """Connect and reconnect until cancelled; then disconnect."""
        while True:
            try:
                lasted = await self._once()
            except ConnectError as error:
                level = logging.DEBUG if str(error) == self.last_error else logging.WARNING
                logger.log(level, "no connection to the broker: %s", error)
                self.last_error = str(error)
                self._on_down(error)
            else:
                if lasted >= STEADY_SECONDS:
                    self._backoff.reset()
            await self._rest(max(self._backoff.next(), self._contended_wait()))

    def _contended_wait(self) -> float:
        """Return the seconds to wait at least, and log why, if other clients take the session over."""
        seconds = self.contention.wait()
        if seconds:
            logger.warning(
                "other clients take over the session of %s at %s again and again; waiting %.0f s: let the broker accept"
                " several client ids with one login, or give each component a login of its own",
                self.options.client_id,
                self.options.broker,
                seconds,
            )
        return seconds

    async def _rest(self, seconds: float) -> None:
        """Wait for `seconds`, or until `retry_now` is called."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._retry_requested.wait()
        self._retry_requested.clear()

    async def __aenter__(self) -> Self:
        """Start to connect; `connected` is set when that is done."""
        self._running = asyncio.create_task(self.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect and stop."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    def _new_connection(self, login: Login) -> BrokerConnection:
        """Return a connection that is not open yet."""
        # In the callback, not in this task: a caller that waits for `connected` and sends in a loop would starve it.
        return Connection(self.options, login, self._on_message, self.connected.clear)

    async def _once(self) -> float:
        """Connect and wait until the connection ends; return the seconds that it lasted."""
        loop = asyncio.get_running_loop()
        await self._may_connect()
        login = self.options.current_login()
        connection = self._new_connection(login)
        try:
            await connection.open()
        except ConnectError:
            self.contention.disconnected(taken_over=connection.taken_over)
            raise
        since = loop.time()
        self.contention.connected()
        self._connection = connection
        self.connects += 1
        self.connected.set()
        logger.info("connected to %s as %s", self.options.broker, self.options.client_id)
        greeting = asyncio.create_task(self._run_on_connected(session_present=connection.session_present))
        try:
            self.last_error = await asyncio.shield(connection.lost)
        finally:
            self.connected.clear()
            self._connection = None
            self.contention.disconnected(taken_over=connection.taken_over)
            greeting.cancel()
            await connection.close()
        logger.warning("the connection to %s ended: %s", self.options.broker, self.last_error)
        self._on_down(NotConnectedError(f"the connection to {self.options.broker} ended: {self.last_error}"))
        return loop.time() - since

    async def _run_on_connected(self, *, session_present: bool) -> None:
        try:
            await self._on_connected(session_present)
        except NotConnectedError as error:
            logger.warning("the connection ended while the first messages were sent: %s", error)
        except Exception:
            logger.exception("cannot complete the connection to %s", self.options.broker)
