"""One session with one site's broker, kept up until it is closed."""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
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
from edge_wire import topics

from .endpoint import Endpoint, SiteKey

__all__ = ["BrokerSession", "BrokerState", "Listener", "Message"]

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 10.0
ABSENT_BACKOFF_SECONDS = 120.0
"""The wait for a broker whose pod is not ready, from the first attempt on: where it gets ready, it is tried at once."""

FAULT_SECONDS = 10.0
LAST_SECONDS = 10.0

logger = logging.getLogger(__name__)

# First: whether the broker was restarted has to be known before its retained messages are judged.
UPTIME = Subscription(topics.BROKER_UPTIME)
DROPPED = Subscription(topics.BROKER_DROPPED)
SUBSCRIPTIONS = (
    Subscription(topics.BROKER_BOOT),
    Subscription(topics.component_status(topics.ANY)),
    Subscription(topics.device_status(topics.ANY)),
    Subscription(topics.ACTIVITY),
    Subscription(topics.roster(topics.ANY)),
)


@dataclass(frozen=True, slots=True)
class BrokerState:
    """How the way to a broker is.

    Attributes:
        connected: whether there is a connection.
        refused: whether the broker answers and does not let the operator in.
        untrusted: whether it answers with a certificate that nobody vouches for.
        message: where it is connected to, or why it is not.
    """

    connected: bool
    refused: bool = False
    untrusted: bool = False
    message: str = ""


class Listener(Protocol):
    """Told what comes from the brokers; must not block."""

    def connected(self, site: SiteKey) -> None:
        """Take note that a session began; what the broker has retained follows."""
        ...

    def down(self, site: SiteKey) -> None:
        """Take note that a session ended, or that an attempt to begin one failed."""
        ...

    def gone(self, site: SiteKey) -> Collection[asyncio.Future[int]]:
        """Take note that a session is about to end because its site is gone; return what was sent last."""
        ...

    def heard(self, site: SiteKey, message: Message) -> None:
        """Take a message."""
        ...


class BrokerSession:
    """A session with the broker of one site.

    Args:
        site: the site.
        endpoint: where and as whom.
        client_id: unlike that of any other operator process.
        listener: told of everything.

    Attributes:
        endpoint: where and as whom.
        state: how the way to the broker is; None while the first attempt is under way.
    """

    def __init__(self, site: SiteKey, endpoint: Endpoint, client_id: str, listener: Listener) -> None:
        self.endpoint = endpoint
        self.state: BrokerState | None = None
        self._site = site
        self._listener = listener
        self._early: list[Message] = []
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        self._session = MqttSession(
            MqttOptions(
                endpoint.address,
                client_id,
                login=endpoint.login,
                prefix=endpoint.prefix,
                subscriptions=(UPTIME, *SUBSCRIPTIONS, DROPPED) if endpoint.is_ours else SUBSCRIPTIONS,
            ),
            self._heard,
            self._connected,
            self._backoff,
            on_down=self._down,
        )
        self._running = asyncio.create_task(self._keep_up(), name=f"broker of {site[0]}/{site[1]}")

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self.state is not None and self.state.connected

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> asyncio.Future[int]:
        """Send a message if there is a connection; whoever needs it sends it again on the next one.

        The future is done when the broker has taken it, and fails where it does not, or there is no connection.
        """
        sent = self._session.send(topic, payload, retain=retain)
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())
        return sent

    def expect(self, *, there: bool) -> None:
        """Look often for a broker that should be there, seldom for another; at once where it has become so."""
        first, longest = FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS
        if not there:
            first = longest = ABSENT_BACKOFF_SECONDS
        if longest < self._backoff.longest and not self.is_connected:
            self._session.retry_now()
        self._backoff.first, self._backoff.longest = first, longest

    async def close(self, last: Collection[asyncio.Future[int]] = ()) -> None:
        """Say goodbye to the broker and end; nothing is told any more.

        Args:
            last: what was sent before, and is to reach the broker where it answers within seconds.
        """
        self._listener = _Nobody()
        if last:
            await asyncio.wait(last, timeout=LAST_SECONDS)
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    async def _keep_up(self) -> None:
        """Keep the session up until cancelled; a fault of ours in one is no end of it."""
        while True:
            try:
                await self._session.run()
            except Exception:
                logger.exception("EdgeSite %s/%s: the MQTT session failed; restarting it", *self._site)
                self._down(
                    MqttError(
                        f"internal error of the operator in the session with {self.endpoint.address}: see the"
                        " operator's log"
                    )
                )
                await asyncio.sleep(FAULT_SECONDS)

    async def _connected(self, _session_present: bool) -> None:  # noqa: FBT001 - the shape of a callback
        self.state = BrokerState(connected=True, message=f"connected to {self.endpoint.address}")
        self._listener.connected(self._site)
        early, self._early = self._early, []
        for message in early:
            self._listener.heard(self._site, message)

    def _heard(self, message: Message) -> None:
        """Take a message; what is retained may come before the broker has confirmed the subscriptions."""
        if self.is_connected:
            self._listener.heard(self._site, message)
        else:
            self._early.append(message)

    def _down(self, error: MqttError) -> None:
        self._early.clear()
        self.state = BrokerState(
            connected=False,
            refused=isinstance(error, ConnectRefusedError),
            untrusted=isinstance(error, UntrustedError),
            message=str(error),
        )
        self._listener.down(self._site)


class _Nobody:
    """Listens to a session that is being closed."""

    def connected(self, site: SiteKey) -> None:
        """Ignore it."""

    def down(self, site: SiteKey) -> None:
        """Ignore it."""

    def gone(self, site: SiteKey) -> Collection[asyncio.Future[int]]:  # noqa: ARG002 - the shape of a listener
        """Send nothing."""
        return ()

    def heard(self, site: SiteKey, message: Message) -> None:
        """Ignore it."""
