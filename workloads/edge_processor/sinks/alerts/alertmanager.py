"""Alerts to an Alertmanager by its API v2: firing ones are posted again each minute, as Prometheus does."""

import asyncio
import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from edge_pacing.backoff import Backoff
from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError
from edge_processor.delivery.errors import RETRY
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.alerts.poster import HEADERS, Poster
from edge_processor.sinks.alerts.series import Resolved, parse_all, to_post
from edge_processor.sinks.alerts.starts import History, Starts
from edge_processor.sinks.http.endpoint import endpoint_of
from edge_processor.sinks.http.session import HttpSession
from edge_service.waiting import set_within
from edge_wire.messages.alert import Alert
from edge_wire.store import OutboxAlert

PATH = "api/v2/alerts"
REPEAT_SECONDS = 60.0
"""Seconds between two repetitions."""

RETRY_SECONDS = 4.0
"""Maximum seconds between two repetitions while the last one has failed: alerts that Alertmanager has resolved or
forgotten meanwhile fire again soon after it is back."""

logger = logging.getLogger(__name__)


class AlertStore(History, Protocol):
    """What Alertmanager requires of the store's client."""

    async def alerts_firing(self) -> Sequence[Mapping[str, Any]]:
        """Return all alerts that fire now."""


class Alertmanager:
    """An Alertmanager that receives the alerts of a site.

    A request at a time: a repetition reads the firing alerts and posts them before another request begins. An alert
    that is cleared meanwhile is posted after it, and does not fire again.

    Args:
        poster: sends the requests.
        store: has the firing alerts.
        namespace: of the site, for the label.
        site: its name, for the label.
        repeat_seconds: between two repetitions.

    Attributes:
        connected: set while the last attempt to reach the Alertmanager succeeded.
    """

    def __init__(
        self,
        poster: Poster,
        store: AlertStore,
        namespace: str,
        site: str,
        repeat_seconds: float = REPEAT_SECONDS,
    ) -> None:
        self._poster = poster
        self._store = store
        self._namespace = namespace
        self._site = site
        self._repeat_seconds = repeat_seconds
        self._turn = asyncio.Lock()
        self._due = asyncio.Event()
        self._resolved = Resolved()
        self._starts = Starts(store)
        self.connected = poster.connected

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return self._poster.last_error

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:
        """Post alerts in their order; return when Alertmanager has taken them.

        Raises:
            AlertsRefusedError: it rejects some of them, or they are malformed.
            DeliveryError: it cannot be reached, or rejects everything.
            StoreUnavailableError: the store has the start of an alert, and is unavailable.
        """
        positions, valid, refused = parse_all(alerts)
        async with self._turn:
            valid = [await self._starts.as_started(alert) for alert in valid]
            # Before the answer: without one they may have been taken.
            self._resolved.sent(valid, _now())
            was_connected = self.connected.is_set()
            try:
                await self._post(valid)
            except AlertsRefusedError as error:
                await self._check_takes_any()
                refused += [(positions[at], reason) for at, reason in error.refused]
            if not was_connected:
                # It may have been restarted, and have no other alert.
                self._due.set()
        if refused:
            raise AlertsRefusedError(sorted(refused))

    async def run(self) -> None:
        """Repeat what fires until cancelled."""
        backoff = Backoff(first=0.5, longest=RETRY_SECONDS)
        try:
            while True:
                self._due.clear()
                if await self._repeat():
                    backoff.reset()
                    await set_within(self._due, self._repeat_seconds)
                else:
                    await self._poster.rest(backoff.next())
        finally:
            await self._poster.close()

    async def _repeat(self) -> bool:
        """Post what fires, and what was resolved lately; return whether Alertmanager has taken it.

        With nothing to post it is an empty list: it shows that Alertmanager can be reached.
        """
        try:
            async with self._turn:
                firing = [OutboxAlert(0, each) for each in await self._store.alerts_firing()]
                alerts = parse_all(firing)[1]
                self._starts.note(alerts)
                repeated = [*self._resolved.to_repeat(alerts, _now()), *alerts]
                await (self._post(repeated) if repeated else self._check_takes_any())
        except AlertsRefusedError as error:
            logger.warning("Alertmanager rejects %d of the alerts that are repeated: %s", len(error.refused), error)
        except RETRY as error:
            logger.warning("alerts are not repeated: %s", error)
            return False
        except DeliveryError as error:
            logger.debug("alerts are not repeated: %s", error)
            return False
        return True

    async def _post(self, alerts: Sequence[Alert]) -> None:
        await self._poster.post_in_halves(alerts, PATH, self._encoded)

    def _encoded(self, alerts: Sequence[Alert]) -> tuple[bytes, Mapping[str, str]]:
        now = _now()
        return orjson.dumps([to_post(alert, self._namespace, self._site, now) for alert in alerts]), HEADERS

    async def _check_takes_any(self) -> None:
        await self._poster.check_takes_any(PATH, b"[]", HEADERS, "an Alertmanager")


def alertmanager_destination(settings: ProcessorSettings, store: AlertStore) -> Alertmanager:
    """Return the Alertmanager of the settings.

    Args:
        settings: with ALERTMANAGER_URL.
        store: has the firing alerts.

    Raises:
        ValueError: ALERTMANAGER_URL is not a URL of a server.
    """
    endpoint = endpoint_of("ALERTMANAGER_URL", settings.alertmanager_url, settings.alerting_credentials_dir)
    return Alertmanager(Poster(HttpSession(endpoint)), store, settings.edge_namespace, settings.edge_site)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
