"""One session with one site's broker, which reconnects until it is closed."""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from edge_pacing.backoff import Backoff
from edge_service.mqtt import (
    ConnectRefusedError,
    Message,
    MqttError,
    MqttOptions,
    MqttSession,
    Subscription,
    UntrustedError,
)
from edge_wire import topic_table

from .endpoint import Endpoint, SiteKey

__all__ = ["BrokerSession", "BrokerState", "Message", "SessionHandler"]

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 10.0
ABSENT_BACKOFF_SECONDS = 120.0
"""Wait for a broker without a ready pod, from the first attempt on; it is tried at once when the pod gets ready."""

FAULT_SECONDS = 10.0
LAST_SECONDS = 10.0

logger = logging.getLogger(__name__)

# A restart of the broker and the state of the processor must be known before the retained statuses are handled.
FIRST = (topic_table.BROKER_UPTIME, topic_table.BROKER_BOOT, topic_table.COMPONENT_STATUS)
TOPICS = (*FIRST, *(each for each in topic_table.TABLE if each.is_subscribed_by("operator") and each not in FIRST))
SUBSCRIPTIONS = tuple(Subscription(each.filter) for each in TOPICS)
EXTERNAL_SUBSCRIPTIONS = tuple(each for each in SUBSCRIPTIONS if not each.topic.startswith("$SYS/"))
"""Without the topics of Mosquitto itself: an external broker may be another program."""


@dataclass(frozen=True, slots=True)
class BrokerState:
    """State of the session with a broker.

    Attributes:
        connected: whether there is a connection.
        refused: whether the broker rejects the operator's login.
        untrusted: whether the broker's certificate is not trusted.
        contended: whether other clients take the session over again and again.
        message: the address, or the error.
    """

    connected: bool
    refused: bool = False
    untrusted: bool = False
    contended: bool = False
    message: str = ""


class SessionHandler(Protocol):
    """Handles the events of sessions; its methods must not block."""

    def on_connected(self, site: SiteKey) -> None:
        """Handle a new session; the retained messages follow."""
        ...

    def on_disconnected(self, site: SiteKey) -> None:
        """Handle the end of a session, or a failed attempt to connect."""
        ...

    def on_site_deleted(self, site: SiteKey) -> Collection[asyncio.Future[int]]:
        """Handle the end of the session of a deleted site; return the futures of the last publishes."""
        ...

    def on_message(self, site: SiteKey, message: Message) -> None:
        """Handle a message."""
        ...


class BrokerSession:
    """A session with the broker of one site.

    Args:
        site: the site.
        endpoint: address and login.
        client_id: MQTT client id, unique among all operator processes.
        handler: handles the events of the session.

    Attributes:
        endpoint: address and login.
        state: state of the session; None before the first attempt has ended.
    """

    def __init__(self, site: SiteKey, endpoint: Endpoint, client_id: str, handler: SessionHandler) -> None:
        self.endpoint = endpoint
        self.state: BrokerState | None = None
        self._site = site
        self._handler = handler
        self._early: list[Message] = []
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        self._session = MqttSession(
            MqttOptions(
                endpoint.address,
                client_id,
                login=endpoint.login,
                prefix=endpoint.prefix,
                subscriptions=SUBSCRIPTIONS if endpoint.is_ours else EXTERNAL_SUBSCRIPTIONS,
            ),
            self._on_message,
            self._on_connected,
            self._backoff,
            on_down=self._on_disconnected,
        )
        self._running = asyncio.create_task(self._run_forever(), name=f"broker of {site[0]}/{site[1]}")

    @property
    def present_state(self) -> BrokerState | None:
        """The state now: a contention ends with time alone."""
        return self.state and replace(self.state, contended=self._session.contention.is_contended)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self.state is not None and self.state.connected

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> asyncio.Future[int]:
        """Publish a message and return its future; the message is not sent again on the next connection.

        The future is done when the broker has acknowledged the message. It fails if the broker rejects the message,
        or there is no connection.
        """
        sent = self._session.send(topic, payload, retain=retain)
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())
        return sent

    def expect(self, *, available: bool) -> None:
        """Set the pace of reconnects: frequent if the broker should be available, else rare; at once on the change."""
        first, longest = FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS
        if not available:
            first = longest = ABSENT_BACKOFF_SECONDS
        if longest < self._backoff.longest and not self.is_connected:
            self._session.retry_now()
        self._backoff.first, self._backoff.longest = first, longest

    async def close(self, last: Collection[asyncio.Future[int]] = ()) -> None:
        """Disconnect and end; the handler is not called any more.

        Args:
            last: publishes to wait for, some seconds at most.
        """
        self._handler = _Ignore()
        if last:
            await asyncio.wait(last, timeout=LAST_SECONDS)
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    async def _run_forever(self) -> None:
        """Run the session until cancelled; an internal error does not end it."""
        while True:
            try:
                await self._session.run()
            except Exception:
                logger.exception("EdgeSite %s/%s: the MQTT session failed; restarting it", *self._site)
                self._on_disconnected(
                    MqttError(
                        f"internal error of the operator in the session with {self.endpoint.address}: see the"
                        " operator's log"
                    )
                )
                await asyncio.sleep(FAULT_SECONDS)

    async def _on_connected(self, _session_present: bool) -> None:  # noqa: FBT001 - the shape of a callback
        self.state = BrokerState(connected=True, message=f"connected to {self.endpoint.address}")
        self._handler.on_connected(self._site)
        early, self._early = self._early, []
        for message in early:
            self._handler.on_message(self._site, message)

    def _on_message(self, message: Message) -> None:
        """Handle a message; retained messages may arrive before the broker has confirmed the subscriptions."""
        if self.is_connected:
            self._handler.on_message(self._site, message)
        else:
            self._early.append(message)

    def _on_disconnected(self, error: MqttError) -> None:
        self._early.clear()
        self.state = BrokerState(
            connected=False,
            refused=isinstance(error, ConnectRefusedError),
            untrusted=isinstance(error, UntrustedError),
            message=str(error),
        )
        self._handler.on_disconnected(self._site)


class _Ignore:
    """Handler of a session that is being closed."""

    def on_connected(self, site: SiteKey) -> None:
        """Ignore it."""

    def on_disconnected(self, site: SiteKey) -> None:
        """Ignore it."""

    def on_site_deleted(self, site: SiteKey) -> Collection[asyncio.Future[int]]:  # noqa: ARG002 - the shape of a listener
        """Publish nothing and return no futures."""
        return ()

    def on_message(self, site: SiteKey, message: Message) -> None:
        """Ignore it."""
