"""Kubernetes Events of resources: one for each transition, none while nothing changes."""

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from edge_operator.api.conditions import find_condition
from edge_operator.api.schema import API_VERSION
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.control.cache.resource import Resource
from edge_operator.status.facts import Notice
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

    async def transition(self, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Write an Event if a site's phase, or the reason of its Ready condition, has changed.

        A status without a phase belongs to a device. Thousands of devices may be applied with their site, so a device
        gets an Event only if somebody has to act.
        """
        await self._broker_lost(resource, before, after)
        was, ready = _ready(before), _ready(after)
        phase = after.get("phase")
        if (before.get("phase") if phase else None, was.get("reason")) == (phase, ready["reason"]):
            return
        if phase is None:
            if find_condition(after, "Stalled"):
                await self.post(resource, "Warning", ready["reason"], ready["message"])
            return
        severity = "Warning" if phase == "Degraded" else "Normal"
        await self.post(resource, severity, ready["reason"], f"{phase}: {ready['message']}")

    async def _broker_lost(self, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Write one Event for a site that loses its broker, instead of one for each of its devices."""
        lost = find_condition(after, "BrokerConnected")
        if find_condition(before, "BrokerConnected").get("status") == "True" and lost.get("status") == "False":
            await self.post(resource, "Warning", lost["reason"], lost["message"])

    async def notice(self, resource: Resource, before: Mapping[str, Any], notice: Notice) -> None:
        """Write an Event for a notice that was not in the message of the Ready condition before."""
        if notice.message not in _ready(before).get("message", ""):
            await self.post(resource, "Warning", notice.reason, notice.message)

    async def post(self, resource: Resource, severity: str, reason: str, note: str) -> None:
        """Write an Event."""
        namespace, name = resource.key
        event = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
            "eventTime": self._wall_clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "reason": reason,
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": resource.KIND,
                "namespace": namespace,
                "name": name,
                "uid": resource.owner_ref.uid,
            },
            "note": note.encode()[:NOTE_LIMIT].decode(errors="ignore"),
            "type": severity,
        }
        try:
            await self._client.write("POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", event)
        except (ApiError, UnreachableError, NotLeaderError) as error:
            self._metrics.events_dropped.inc()
            logger.warning("%s: cannot write Event %s: %s", resource, reason, error)


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return find_condition(status, "Ready")
