"""Readiness of a processor: as the ingester, or as a standby."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from edge_processor.lease import LeaseClient
from edge_service.mqtt import NOT_YET, MqttSession

STORE_SILENT_SECONDS = 10.0
"""Seconds without an answer of the store after which a replica is not ready."""


@dataclass(slots=True)
class Readiness:
    """The readiness of a replica.

    Attributes:
        lease_client: polls the store.
        session: with the broker; None unless this replica is the ingester.
    """

    lease_client: LeaseClient | None = None
    session: MqttSession | None = None

    @property
    def is_connected(self) -> bool:
        """Whether this replica is connected to the broker."""
        return self.session is not None and self.session.connected.is_set()

    def waiting_for(self) -> Sequence[str]:
        """Return what is missing; a standby needs only the store."""
        missing: list[str] = []
        answered_at = self.lease_client.answered_at if self.lease_client else None
        if answered_at is None or asyncio.get_running_loop().time() - answered_at > STORE_SILENT_SECONDS:
            missing.append("the store")
        if self.session is not None and not self.is_connected:
            missing.append(f"the broker: {self.session.last_error or NOT_YET}")
        if self.session is None and self.lease_client is not None and self.lease_client.is_valid:
            # It has just become the ingester, and has not subscribed to the devices' messages yet.
            missing.append(f"the broker: {NOT_YET}")
        return missing
