"""The HTTPS destination: two lanes of readings, and alerts."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import orjson

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError, LaneName
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.cloud.https.lines.body import Source, compress
from edge_processor.sinks.cloud.https.lines.division import Division
from edge_processor.sinks.cloud.https.lines.verdict import Verdict
from edge_processor.sinks.cloud.https.link import PROBE, Link
from edge_processor.sinks.cloud.https.post import Poster
from edge_processor.sinks.cloud.https.sender import LaneSender
from edge_processor.sinks.http.endpoint import Endpoint, endpoint_of
from edge_processor.sinks.http.session import ANSWER_SECONDS, HttpSession
from edge_service.waiting import set_within
from edge_wire.store import OutboxAlert

CHECK_SECONDS = 0.5
"""Seconds between two checks of whether a request without lines is due."""

CONNECT_WAIT_SECONDS = 5.0
"""Seconds for which alerts wait for the link before they report that it is down."""

MOST_ALERTS = 500
"""Maximum number of alerts in a request."""


class HttpsCloud:
    """A `Destination` and an `AlertDestination` of `edge_processor.delivery.destination`.

    While nothing is to be delivered, requests without lines show whether the server can be used.

    Args:
        endpoint: the server.
        source: of the readings and alerts.
        sync_interval: maximum seconds between two attempts.
        answer_seconds: the time for an answer, beside the time for the body.
    """

    def __init__(
        self, endpoint: Endpoint, source: Source, sync_interval: float, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._endpoint = endpoint
        self._source = source
        self._answer_seconds = answer_seconds
        self._link = Link(sync_interval, endpoint.reopen)
        self.connected = self._link.connected
        self._senders: Mapping[LaneName, LaneSender] = {
            "live": LaneSender("live", self._poster("live")),
            "backlog": LaneSender("backlog", self._poster("backlog")),
        }
        self._alerts = self._poster("alerts")
        self._alert_division = Division(MOST_ALERTS)
        self._probe = self._poster(PROBE)
        self._is_running = False

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return self._link.last_error

    def sender(self, lane: LaneName) -> LaneSender:
        """Return the sender of a lane."""
        return self._senders[lane]

    async def run(self) -> None:
        """Deliver until cancelled. A second call, for the alerts of the same destination, only waits."""
        if self._is_running:
            await asyncio.Event().wait()
        self._is_running = True
        try:
            async with asyncio.TaskGroup() as group:
                for sender in self._senders.values():
                    group.create_task(sender.run())
                group.create_task(self._watch_files())
                group.create_task(self._probe_when_idle())
        finally:
            self._is_running = False
            await self._alerts.close()
            await self._probe.close()

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:
        """Deliver one or more alerts, in order; return when each is confirmed.

        Raises:
            AlertsRefusedError: the server rejects some of them.
            DeliveryError: they are not delivered, or only some of them.
        """
        lines = [orjson.dumps(each.alert) for each in alerts]

        async def post(part: slice) -> Verdict:
            await self._await_link()
            key = f"alerts/{alerts[part.start].id}-{alerts[part.stop - 1].id}"
            return await self._alerts.post("alerts", compress(lines[part]), key)

        if rejected := await self._alert_division.deliver(lines, post):
            raise AlertsRefusedError(rejected)

    async def _await_link(self) -> None:
        if not await set_within(self.connected, CONNECT_WAIT_SECONDS):
            raise DeliveryError(self.last_error or "the cloud is not connected yet")
        if pause := self._link.seconds_until_allowed(self._alerts.state):
            raise DeliveryError(self.last_error, pause)

    async def _watch_files(self) -> None:
        files = self._endpoint.files
        seen = files.state()
        while True:
            await files.changed(seen)
            seen = files.state()
            self._link.retry_now()

    async def _probe_when_idle(self) -> None:
        nothing = compress([])
        while True:
            if self._is_probe_due():
                with suppress(DeliveryError):
                    await self._probe.post("readings", nothing, None)
            await asyncio.sleep(CHECK_SECONDS)

    def _is_probe_due(self) -> bool:
        if not self.connected.is_set():
            return self._link.waiting_attempts == 0
        idle_seconds = asyncio.get_running_loop().time() - self._link.last_attempt_at
        return self._link.is_doubtful or idle_seconds >= self._link.sync_interval

    def _poster(self, name: str) -> Poster:
        return Poster(name, self._source, HttpSession(self._endpoint, self._answer_seconds), self._link)


def https_cloud(settings: ProcessorSettings, log_id: str) -> HttpsCloud:
    """Return the destination of CLOUD_ENDPOINT.

    Args:
        settings: of the processor.
        log_id: of the store's database.

    Raises:
        ValueError: CLOUD_ENDPOINT is not the URL of an HTTPS server.
    """
    endpoint = endpoint_of("CLOUD_ENDPOINT", settings.cloud_endpoint, settings.cloud_credentials_dir)
    source = Source(f"{settings.edge_namespace}/{settings.edge_site}", log_id)
    return HttpsCloud(endpoint, source, settings.sync_interval)
