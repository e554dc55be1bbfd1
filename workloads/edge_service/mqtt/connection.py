"""One connection to the broker: a paho client for one socket.

Nothing outlives the connection: no acknowledgement and no partly sent message appears on the next one.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_service import daemon_thread
from edge_service.mqtt.client import build_client, connect, publish_properties
from edge_service.mqtt.credentials import Login
from edge_service.mqtt.driver import SocketDriver
from edge_service.mqtt.errors import (
    SESSION_TAKEN_OVER,
    ConnectError,
    ConnectRefusedError,
    NotConnectedError,
    PublishRefusedError,
)
from edge_service.mqtt.futures import fail
from edge_service.mqtt.message import Message
from edge_service.mqtt.options import RETAIN_HANDLING, MqttOptions
from edge_service.mqtt.trust import untrusted

ANSWER_SECONDS = 10.0
MAX_UNACKNOWLEDGED = 100_000
"""Maximum number of unacknowledged messages; beyond it publishing fails."""

logger = logging.getLogger(__name__)


class Connection:
    """One connection to the broker.

    Args:
        options: of the session.
        login: username, password and certificate authorities.
        on_message: called for each message.
        on_lost: called as soon as it has ended, before the futures of unacknowledged messages fail.

    Attributes:
        session_present: whether the broker has resumed a session.
        taken_over: whether it has ended because another client has connected with the same client id.
        lost: done when the connection has ended; the result is the reason.
    """

    def __init__(
        self,
        options: MqttOptions,
        login: Login,
        on_message: Callable[[Message], None],
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._options = options
        self._on_message = on_message
        self._on_lost = on_lost
        self._accepted: asyncio.Future[bool] = self._loop.create_future()
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        self._unacknowledged: dict[int, asyncio.Future[int]] = {}
        self.session_present = self.taken_over = False
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._client = build_client(options, login)
        self._driver = SocketDriver(self._client)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._answered
        self._client.on_publish = self._published
        self._client.on_message = self._received

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            ConnectError: the broker cannot be reached, refuses the client or a subscription, or does not answer.
        """
        await self._connect()
        try:
            self._driver.start()
            async with asyncio.timeout(ANSWER_SECONDS):
                self.session_present = await self._accepted
                await self._subscribe()
        except TimeoutError:
            self._end("no answer")
            raise ConnectError(f"{self._options.broker} does not answer within {ANSWER_SECONDS:g} s") from None
        except BaseException:
            self._end("it could not be opened")
            raise

    def send(
        self, topic: str, payload: bytes, qos: int, *, retain: bool, expiry: int | None = None
    ) -> asyncio.Future[int]:
        """Send a message; the future is done at its PUBACK or PUBCOMP (at once with QoS 0).

        The broker keeps the message for offline sessions for `expiry` seconds, without limit if None.
        The result is the broker's reason code: 0, or 0x10 if no session, not even an offline one, matches.
        The future fails with NotConnectedError if the connection ends before, with PublishRefusedError if the broker
        refuses the message.
        """
        done: asyncio.Future[int] = self._loop.create_future()
        if self.lost.done():
            done.set_exception(NotConnectedError(f"not connected to {self._options.broker}: {self.lost.result()}"))
            return done
        if len(self._unacknowledged) >= MAX_UNACKNOWLEDGED:
            message = f"{self._options.broker} has not acknowledged {MAX_UNACKNOWLEDGED} messages yet"
            done.set_exception(NotConnectedError(message))
            return done
        info = self._client.publish(f"{self._options.prefix}{topic}", payload, qos, retain, publish_properties(expiry))
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            done.set_exception(NotConnectedError(f"{self._options.broker}: {paho.error_string(info.rc)}"))
        elif qos == 0:
            done.set_result(0)
        else:
            self._unacknowledged[info.mid] = done
        return done

    def acknowledge(self, mid: int, qos: int) -> bool:
        """Send the PUBACK of a received message, unless the connection has ended."""
        return not self.lost.done() and self._client.ack(mid, qos) == MQTTErrorCode.MQTT_ERR_SUCCESS

    async def close(self) -> None:
        """Disconnect, so that the broker does not publish the will.

        Messages sent before go out first, except those beyond paho's window: wait for their acknowledgements.
        """
        if not self.lost.done():
            self._client.disconnect()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await asyncio.shield(self.lost)
        self._end("closed")

    async def _connect(self) -> None:
        """Connect in a thread: name resolution, TCP and TLS handshakes block in paho.

        Raises:
            ConnectError: the broker cannot be reached, or its certificate is not trusted.
        """
        connecting = daemon_thread.start(
            partial(connect, self._client, self._options), f"connect {self._options.broker}"
        )
        try:
            await asyncio.shield(connecting)
        except ssl.SSLCertVerificationError as error:
            raise untrusted(self._options.broker, error) from error
        except (OSError, ValueError) as error:  # a name that no resolver takes is a ValueError
            raise ConnectError(f"{self._options.broker} cannot be reached: {error}") from error
        except asyncio.CancelledError:
            # The thread continues; its connection must be closed, as it would keep the client id.
            connecting.add_done_callback(self._discard)
            raise

    def _discard(self, connecting: asyncio.Future[None]) -> None:
        if connecting.exception() is None:
            self._driver.stop()

    async def _subscribe(self) -> None:
        filters = [
            (
                f"{self._options.prefix}{each.topic}",
                SubscribeOptions(qos=each.qos, retainHandling=RETAIN_HANDLING[each.replay]),
            )
            for each in self._options.subscriptions
        ]
        if filters:
            self._client.subscribe(filters)
            await self._subscribed

    def _connected(self, _client: Any, _data: Any, flags: paho.ConnectFlags, reason: ReasonCode, _more: Any) -> None:
        if reason.is_failure:
            message = f"{self._options.broker} refuses the client {self._options.client_id}: {reason}"
            fail(self._accepted, ConnectRefusedError(message, reason.value))
        elif not self._accepted.done():
            self._accepted.set_result(flags.session_present)

    def _answered(self, _client: Any, _data: Any, _mid: int, reasons: list[ReasonCode], _more: Any) -> None:
        answers = zip(self._options.subscriptions, reasons, strict=False)
        refused = [f"{each.topic} ({why})" for each, why in answers if why.is_failure and not each.optional]
        if refused:
            message = (
                f"{self._options.broker} refuses {self._options.client_id} the subscription to {', '.join(refused)}"
            )
            fail(self._subscribed, ConnectRefusedError(message))
        elif not self._subscribed.done():
            self._subscribed.set_result(None)

    def _published(self, _client: Any, _data: Any, mid: int, reason: ReasonCode, _more: Any) -> None:
        done = self._unacknowledged.pop(mid, None)
        if done is None:
            return
        if reason.is_failure:
            fail(done, PublishRefusedError(f"{self._options.broker} does not take the message: {reason}"))
        elif not done.done():
            done.set_result(reason.value)

    def _received(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic.removeprefix(self._options.prefix)
            own = len(message.topic) == len(topic) + len(self._options.prefix)
        except UnicodeDecodeError:
            own = False
        if not own:
            logger.warning("dropped a message on a topic that is not this site's")
            return
        payload = bytes(message.payload)
        try:
            self._on_message(Message(topic, payload, message.qos, message.retain, message.dup, self, message.mid))
        except Exception:
            logger.exception("dropped a message on %s: internal error", topic)

    def _disconnected(
        self, _client: Any, _data: Any, flags: paho.DisconnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        has_reason = flags.is_disconnect_packet_from_server or not reason.is_failure
        self.taken_over = flags.is_disconnect_packet_from_server and reason.value == SESSION_TAKEN_OVER
        self._settle(str(reason) if has_reason else "it broke, or the broker stopped answering")

    def _end(self, reason: str) -> None:
        """Close the socket and fail all futures."""
        self._settle(reason)
        self._driver.stop()

    def _settle(self, reason: str) -> None:
        """Fail all futures; paho closes the socket."""
        if not self.lost.done():
            self.lost.set_result(reason)
            self._on_lost()
        message = f"the connection to {self._options.broker} ended: {reason}"
        for waiting in (self._accepted, self._subscribed):
            fail(waiting, ConnectError(message))
        unacknowledged, self._unacknowledged = self._unacknowledged, {}
        for done in unacknowledged.values():
            fail(done, NotConnectedError(message))
