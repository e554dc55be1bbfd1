"""Writes the status of a resource if it differs from the present one."""

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any

from edge_operator.api.schema import API_VERSION
from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import DEVICE, SITE
from edge_operator.control.cache.resource import Resource
from edge_operator.control.cache.resource_cache import ResourceCache
from edge_operator.desired.kinds import ChildKind
from edge_operator.status.events import StatusEvents

from .events import Events

EDGE_SITE = ChildKind(API_VERSION, SITE, "edgesites")
EDGE_DEVICE = ChildKind(API_VERSION, DEVICE, "edgedevices")


OVERTAKEN_SECONDS = 0.1
"""Time after which to reconcile again if somebody else has changed the resource since it was read."""

ComputeStatus = Callable[[Mapping[str, Any], str], dict[str, Any] | None]
"""Returns the status to write from the present status and the current time (RFC 3339); None if nothing changes."""

logger = logging.getLogger(__name__)


class StatusWriter:
    """Writes the status of resources of one kind, only onto the version that the status was computed from.

    Args:
        kind: the kind.
        resources: cache of the resources; it is updated with the responses to our own writes.
        objects: client for single objects.
        events: writes Events.
        wall_clock: current time, for `lastTransitionTime`.
    """

    def __init__(
        self,
        kind: ChildKind,
        resources: ResourceCache[Any],
        objects: ObjectClient,
        events: Events,
        wall_clock: Callable[[], dt.datetime],
    ) -> None:
        self._kind = kind
        self._resources = resources
        self._objects = objects
        self._events = events
        self._wall_clock = wall_clock

    async def write(self, resource: Resource, compute: ComputeStatus, events: StatusEvents) -> bool:
        """Write the status if it differs, and the Events for the change.

        Args:
            resource: the site or device.
            compute: computes the status.
            events: decides which Events the change deserves.

        Returns:
            Whether the status is up to date. If not, the resource has changed meanwhile: reconcile it again.
        """
        now = self._wall_clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        before = resource.status
        status = compute(before, now)
        if status is None:
            return True
        try:
            with self._resources.own_writes.sending(resource.key, status):
                self._resources.put(await self._objects.apply_status(self._kind, status_manifest(resource, status)))
        except ApiError as error:
            if error.not_found or error.conflict or error.namespace_terminating:
                logger.debug("%s: cannot write the status: %s", resource, error)
                return not error.conflict
            raise
        for event in events(before, status):
            await self._events.post(resource, event)
        return True


def status_manifest(resource: Resource, status: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest to apply: the status, with the resourceVersion of the resource that it was computed from."""
    namespace, name = resource.key
    version = resource.metadata["resourceVersion"]
    return {
        "apiVersion": API_VERSION,
        "kind": resource.KIND,
        "metadata": {"name": name, "namespace": namespace, "resourceVersion": version},
        "status": status,
    }
