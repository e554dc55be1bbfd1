"""The sessions with the brokers of all sites. They are independent, so that none delays another."""

import asyncio
import logging
from collections.abc import Collection

from .endpoint import Endpoint, SiteKey
from .session import BrokerSession, BrokerState, SessionHandler

logger = logging.getLogger(__name__)


class BrokerSessions:
    """One session per connected site, from `start` to `close_all`.

    Args:
        client_id: MQTT client id of every session, unique among all operator processes.
    """

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._handler: SessionHandler | None = None
        self._sessions: dict[SiteKey, BrokerSession] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def connected(self) -> int:
        """Number of sessions with a connection."""
        return sum(session.is_connected for session in self._sessions.values())

    def state(self, site: SiteKey) -> BrokerState | None:
        """Return the state of a site's session; None if it is unknown."""
        session = self._sessions.get(site)
        return None if session is None else session.present_state

    def start(self, handler: SessionHandler) -> None:
        """Allow sessions; `handler` handles their events."""
        self._handler = handler

    def ensure(self, site: SiteKey, endpoint: Endpoint) -> None:
        """Keep a session with the broker of `site`; a session with another endpoint is closed."""
        session = self._sessions.get(site)
        if self._handler is None or (session is not None and session.endpoint == endpoint):
            return
        if session is not None:
            logger.info("EdgeSite %s/%s: the broker, its login or the site has changed; reconnecting", *site)
            self.close(site)
        self._sessions[site] = BrokerSession(site, endpoint, self._client_id, self._handler)

    def expect(self, site: SiteKey, *, available: bool) -> None:
        """Set the pace of reconnects: frequent if the broker of `site` should be available."""
        if (session := self._sessions.get(site)) is not None:
            session.expect(available=available)

    def close(self, site: SiteKey, *, site_deleted: bool = False) -> None:
        """Close the session with the broker of `site`, if any; if the site was deleted, after the last publishes."""
        last: Collection[asyncio.Future[int]] = ()
        if site_deleted and site in self._sessions and self._handler is not None:
            last = self._handler.on_site_deleted(site)
        session = self._sessions.pop(site, None)
        if session is None:
            return
        task = asyncio.create_task(session.close(last))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        if self._handler is not None:
            self._handler.on_disconnected(site)

    def send(self, site: SiteKey, topic: str, payload: bytes, *, retain: bool = False) -> asyncio.Future[int] | None:
        """Publish a message if there is a session; return the future of its acknowledgement."""
        session = self._sessions.get(site)
        return None if session is None else session.send(topic, payload, retain=retain)

    def close_all(self) -> None:
        """Close all sessions and allow none until `start`; `wait_closed` waits for their end."""
        self._handler = None
        for site in tuple(self._sessions):
            self.close(site)

    async def wait_closed(self) -> None:
        """Return when every closing session has disconnected."""
        await asyncio.gather(*self._ending, return_exceptions=True)
