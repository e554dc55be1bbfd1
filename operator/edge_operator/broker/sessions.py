"""The sessions with the brokers of all sites; each lives by itself, so that none delays another."""

import asyncio
import logging
from collections.abc import Collection

from .endpoint import Endpoint, SiteKey
from .session import BrokerSession, BrokerState, Listener

logger = logging.getLogger(__name__)


class BrokerSessions:
    """One session per site that is followed, from `open` to `leave_all`.

    Args:
        client_id: of every session; unlike that of any other operator process.
    """

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._listener: Listener | None = None
        self._sessions: dict[SiteKey, BrokerSession] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def connected(self) -> int:
        """How many of them have a connection."""
        return sum(session.is_connected for session in self._sessions.values())

    def state(self, site: SiteKey) -> BrokerState | None:
        """Return how the way to a site's broker is; None where nothing is known yet."""
        session = self._sessions.get(site)
        return None if session is None else session.state

    def open(self, listener: Listener) -> None:
        """Let sessions begin, and have `listener` told of everything."""
        self._listener = listener

    def follow(self, site: SiteKey, endpoint: Endpoint) -> None:
        """Keep up a session with the broker of `site`; one with another endpoint ends."""
        session = self._sessions.get(site)
        if self._listener is None or (session is not None and session.endpoint == endpoint):
            return
        if session is not None:
            logger.info("EdgeSite %s/%s: the broker, its login or the site has changed; reconnecting", *site)
            self.leave(site)
        self._sessions[site] = BrokerSession(site, endpoint, self._client_id, self._listener)

    def expect(self, site: SiteKey, *, there: bool) -> None:
        """Look for the broker of `site` the more often if it should be there."""
        if (session := self._sessions.get(site)) is not None:
            session.expect(there=there)

    def leave(self, site: SiteKey, *, is_gone: bool = False) -> None:
        """Close the session with the broker of `site`, if there is one; where the site is gone, with last words."""
        last: Collection[asyncio.Future[int]] = ()
        if is_gone and site in self._sessions and self._listener is not None:
            last = self._listener.gone(site)
        session = self._sessions.pop(site, None)
        if session is None:
            return
        task = asyncio.create_task(session.close(last))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        if self._listener is not None:
            self._listener.down(site)

    def send(self, site: SiteKey, topic: str, payload: bytes, *, retain: bool = False) -> asyncio.Future[int] | None:
        """Send a message if there is a connection; return what is done when the broker has taken it, or fails."""
        session = self._sessions.get(site)
        return None if session is None else session.send(topic, payload, retain=retain)

    def leave_all(self) -> None:
        """Close them all, and let none begin until `open`; `ended` tells when they are."""
        self._listener = None
        for site in tuple(self._sessions):
            self.leave(site)

    async def ended(self) -> None:
        """Return when every session that was left has said goodbye."""
        await asyncio.gather(*self._ending, return_exceptions=True)
