"""Writes what a site's status should say, if it does not say so already."""

import datetime as dt
import logging
from collections.abc import Callable

from edge_operator.api.schema import API_VERSION
from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import Objects
from edge_operator.desired.kinds import ChildKind
from edge_operator.status.facts import SiteFacts
from edge_operator.status.site import differs, site_status

from .events import Events
from .site_ref import SiteObject

EDGE_SITE = ChildKind(API_VERSION, "EdgeSite", "edgesites")
NOT_FOUND, CONFLICT = 404, 409

logger = logging.getLogger(__name__)


class SiteStatusWriter:
    """Writes the status of sites: only what differs, only onto the object that it was computed from.

    Args:
        objects: the API server.
        events: where transitions are told.
        wall_clock: now, for `lastTransitionTime`.
    """

    def __init__(self, objects: Objects, events: Events, wall_clock: Callable[[], dt.datetime]) -> None:
        self._objects = objects
        self._events = events
        self._wall_clock = wall_clock

    async def write(self, site: SiteObject, facts: SiteFacts) -> None:
        """Bring the status up to date. A conflict is left to the event that is then on its way."""
        now = self._wall_clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        before = site.status
        status = site_status(facts, before, now)
        if not differs(status, before):
            return
        namespace, name = site.key
        version = site.metadata["resourceVersion"]
        manifest = {
            "apiVersion": API_VERSION,
            "kind": EDGE_SITE.kind,
            "metadata": {"name": name, "namespace": namespace, "resourceVersion": version},
            "status": status,
        }
        try:
            await self._objects.apply_status(EDGE_SITE, manifest)
        except ApiError as error:
            if error.code in (NOT_FOUND, CONFLICT) or error.namespace_terminating:
                logger.debug("%s: status not written: %s", site, error)
                return
            raise
        await self._events.transition(site, before, status)
        for notice in facts.notices:
            await self._events.notice(site, before, notice)
