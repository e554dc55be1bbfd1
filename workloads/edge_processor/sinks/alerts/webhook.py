"""Alerts to a webhook: JSON by POST, with a key by which the receiver detects repetitions."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence

import orjson

from edge_processor.delivery.destination import AlertsRefusedError
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.alerts.poster import HEADERS, Poster
from edge_processor.sinks.http.endpoint import endpoint_of
from edge_processor.sinks.http.session import HttpSession
from edge_wire.store import OutboxAlert

VERSION = "1"
"""Version of the body; members may be added to it."""

PROBE_SECONDS = 4.0
"""Seconds between two attempts to connect while the webhook cannot be reached."""

CHECK_SECONDS = 60.0
"""Seconds between two checks whether the webhook can be reached."""

KEY_CHARACTERS = 32


class Webhook:
    """A webhook that receives the alerts of a site.

    Args:
        poster: sends the requests.
        namespace: of the site.
        site: its name.

    Attributes:
        connected: set while the last attempt to reach the webhook succeeded.
    """

    def __init__(self, poster: Poster, namespace: str, site: str) -> None:
        self._poster = poster
        self._namespace = namespace
        self._site = site
        self.connected = poster.connected

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return self._poster.last_error

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:
        """Post alerts in their order; return when the webhook has answered with 2xx.

        Raises:
            AlertsRefusedError: it rejects some of them.
            DeliveryError: it cannot be reached, did not confirm, or rejects everything.
        """
        try:
            await self._poster.post_in_halves(alerts, "", self._encoded)
        except AlertsRefusedError as error:
            if len(error.refused) == len(alerts):
                await self._poster.check_takes_any("", *self._encoded([]), "a webhook for alerts")
            raise

    async def run(self) -> None:
        """Check the connection until cancelled, while no alert does.

        The check is a HEAD, which delivers nothing; any answer to it will do, except that the credentials are wrong. A
        webhook that has answered a delivery with an error stays unconnected until a delivery succeeds, until other
        credentials come, or for CHECK_SECONDS: the delivery may not come again.
        """
        loop = asyncio.get_running_loop()
        checked_at = loop.time() - CHECK_SECONDS
        try:
            while True:
                is_due = loop.time() - checked_at >= CHECK_SECONDS
                if is_due or self.connected.is_set() or self._poster.may_be_reachable:
                    checked_at = loop.time()
                    await self._poster.check("HEAD")
                if self.connected.is_set():
                    await asyncio.sleep(CHECK_SECONDS)
                else:
                    await self._poster.rest(PROBE_SECONDS)
        finally:
            await self._poster.close()

    def _encoded(self, alerts: Sequence[OutboxAlert]) -> tuple[bytes, Mapping[str, str]]:
        content = orjson.dumps(
            {
                "version": VERSION,
                "namespace": self._namespace,
                "site": self._site,
                "alerts": [each.alert for each in alerts],
            }
        )
        # Of the content: ids of the store may come again with a new database, and with other alerts.
        digest = hashlib.sha256(content).hexdigest()[:KEY_CHARACTERS]
        return content, {**HEADERS, "Idempotency-Key": f"{self._namespace}/{self._site}/alerts/{digest}"}


def webhook_destination(settings: ProcessorSettings) -> Webhook:
    """Return the webhook of the settings.

    Args:
        settings: with WEBHOOK_URL.

    Raises:
        ValueError: WEBHOOK_URL is not a URL of a server; the message has no part of it, as its path may be a secret.
    """
    endpoint = endpoint_of("WEBHOOK_URL", settings.webhook_url, settings.alerting_credentials_dir)
    return Webhook(Poster(HttpSession(endpoint)), settings.edge_namespace, settings.edge_site)
