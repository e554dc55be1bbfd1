"""Writes Kubernetes Events about resources; `edge_operator.status.events` decides on them."""

import datetime as dt
import logging
import uuid
from collections.abc import Callable

from edge_operator.api.schema import API_VERSION
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.control.cache.resource import Resource
from edge_operator.status.events import Event
from edge_operator.telemetry.metrics import Metrics

CONTROLLER = "edge-stack.io/operator"
NOTE_LIMIT = 1024
"""Maximum length of the `note` of an Event, in bytes (events.k8s.io/v1)."""

logger = logging.getLogger(__name__)


class Events:
    """Writes Events. An Event that cannot be written is counted and dropped: the conditions contain the same text.

    Args:
        client: client for the API server.
        instance: name of this operator process.
        wall_clock: current time.
        metrics: counts dropped Events.
    """

    def __init__(
        self,
        client: ApiClient,
        instance: str,
        wall_clock: Callable[[], dt.datetime],
        metrics: Metrics,
    ) -> None:
        self._client = client
        self._instance = instance
        self._wall_clock = wall_clock
        self._metrics = metrics

    async def post(self, resource: Resource, event: Event) -> None:
        """Write an Event about a resource."""
        namespace, name = resource.key
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
            "eventTime": self._wall_clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "reason": event.reason,
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": resource.KIND,
                "namespace": namespace,
                "name": name,
                "uid": resource.owner_ref.uid,
            },
            "note": event.note.encode()[:NOTE_LIMIT].decode(errors="ignore"),
            "type": event.severity,
        }
        try:
            await self._client.write("POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", body)
        except (ApiError, UnreachableError, NotLeaderError) as error:
            self._metrics.events_dropped.inc()
            logger.warning("%s: cannot write Event %s: %s", resource, event.reason, error)
