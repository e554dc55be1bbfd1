"""A broker in the cloud as a destination of readings and alerts: the topics of the site, at least once."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import orjson

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError, LaneName, Sender
from edge_processor.session import IngestSession
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.cloud.mqtt.address import cloud_broker
from edge_processor.sinks.cloud.mqtt.attempts import Attempts
from edge_processor.sinks.cloud.mqtt.login import login_in
from edge_processor.sinks.cloud.mqtt.refusals import FAULTS_OF_MESSAGES, Refusals
from edge_processor.sinks.cloud.mqtt.sender import LaneSender
from edge_processor.sinks.cloud.mqtt.turns import Turns
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttError, MqttOptions, NotConnectedError, PublishRefusedError
from edge_wire import topics
from edge_wire.store import OutboxAlert

MAX_SENT_MESSAGES = 1000
"""Maximum number of unacknowledged messages; the receive maximum of the broker may be lower."""

ALERT_SECONDS = 60.0
"""Maximum seconds until alerts are acknowledged."""


class MqttCloud:
    """A broker outside the site that receives readings and alerts with QoS 1, on a session of its own.

    Args:
        broker: its address.
        client_id: of the session.
        credentials_dir: directory with `username` and `password`, and perhaps `ca.crt`; read on each connect.
        prefix: put before every topic.
        sync_interval: maximum seconds between two attempts that the broker refuses.

    Attributes:
        session: with the broker; its topics have no prefix.
        prefix: put before every topic.
        connected: set while there is a connection, and the broker takes what is published.
    """

    def __init__(
        self, broker: BrokerAddress, client_id: str, credentials_dir: Path | None, prefix: str, sync_interval: float
    ) -> None:
        self._attempts = Attempts(credentials_dir, sync_interval)
        self._is_up = False
        self._refusals = Refusals(sync_interval, self._show)
        # Not the prefix of the options: that is also a part of the client id.
        options = MqttOptions(
            broker, client_id, read_login=partial(login_in, credentials_dir), inflight=MAX_SENT_MESSAGES
        )
        self.prefix = prefix
        self.session = IngestSession(
            options, on_connected=self._on_connected, backoff=self._attempts.backoff, on_down=self._on_down
        )
        self.connected = self.session.connected
        self._turns = Turns(self.session.publish_many, lambda: self.session.window_messages)

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded, or if there was no attempt yet."""
        if self.connected.is_set():
            return ""
        return (self._is_up and self._refusals.reason) or self.session.last_error

    def sender(self, lane: LaneName) -> Sender:
        """Return the sender of a lane."""
        return LaneSender(lane, self._turns, self.prefix, self._refusals)

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:
        """Publish alerts in their order; return when each is acknowledged.

        Raises:
            AlertsRefusedError: the broker rejects some of them.
            DeliveryError: there is no connection, it ended before, or the broker does not take them now.
        """
        refused: list[tuple[int, str]] = []
        try:
            async with asyncio.timeout(ALERT_SECONDS):
                sent = [self._send_alert(each) for each in alerts]
                for at, result in enumerate(await asyncio.gather(*sent, return_exceptions=True)):
                    match result:
                        case PublishRefusedError() if result.reason not in FAULTS_OF_MESSAGES:
                            raise self._not_taken(result)
                        case PublishRefusedError() | ValueError():
                            refused.append((at, str(result)))
                        case BaseException():
                            raise result
        except (NotConnectedError, TimeoutError) as error:
            raise DeliveryError(str(error) or f"{self.session.options.broker} does not acknowledge alerts") from error
        self._refusals.settled(self)
        if refused:
            raise AlertsRefusedError(refused)

    async def run(self) -> None:
        """Stay connected until cancelled; other credentials end a wait for the next attempt."""
        async with self.session:
            await self._attempts.watch(self.session)

    def _send_alert(self, each: OutboxAlert) -> "asyncio.Future[int]":
        alert = each.alert
        try:
            topic = f"{self.prefix}{topics.alerts(alert['device_id'])}"
            return self.session.send(topic, orjson.dumps(alert))
        except (ValueError, KeyError, TypeError) as error:
            failed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            failed.set_exception(ValueError(f"the alert cannot be published: {error}"))
            return failed

    def _not_taken(self, refusal: PublishRefusedError) -> DeliveryError:
        # Not connected for the pause: the caller sends the alerts again, if it still has them.
        seconds = self._refusals.refused(self, str(refusal), lambda: self._refusals.settled(self))
        return DeliveryError(str(refusal), retry_after_seconds=seconds)

    def _show(self) -> None:
        if self._refusals.reason:
            self.connected.clear()
        elif self._is_up:
            self.connected.set()

    async def _on_connected(self, _: bool) -> None:  # noqa: FBT001 - as the session calls it
        self._is_up = True

    def _on_down(self, error: MqttError) -> None:
        self._is_up = False
        self._attempts.failed(error)


def mqtt_cloud(settings: ProcessorSettings, log_id: object) -> MqttCloud:  # noqa: ARG001 - as of the other way
    """Return the broker of CLOUD_ENDPOINT.

    Args:
        settings: of the processor.
        log_id: not used: the messages are those of `cloud/sensors`.

    Raises:
        ValueError: CLOUD_ENDPOINT is not such an address; the message shows a valid one.
    """
    broker, prefix = cloud_broker(settings.cloud_endpoint or "")
    client_id = f"{settings.edge_namespace}.{settings.edge_site}.processor"
    return MqttCloud(broker, client_id, settings.cloud_credentials_dir, prefix, settings.sync_interval)
