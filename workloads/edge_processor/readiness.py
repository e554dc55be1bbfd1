"""Whether a processor can work: as the ingester, or as a standby that is warm."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from edge_processor.lease import LeaseClient
from edge_service.mqtt import MqttSession

STORE_SILENT_SECONDS = 10.0
"""How long the store may not have answered before a replica is not ready."""


@dataclass(slots=True)
class Readiness:
    """What the readiness of a replica is told from.

    Attributes:
        lease_client: of the lease; asks the store all the time.
        session: with the broker, while this replica is the ingester.
    """

    lease_client: LeaseClient | None = None
    session: MqttSession | None = None

    @property
    def is_connected(self) -> bool:
        """Whether this replica is connected to the broker."""
        return self.session is not None and self.session.connected.is_set()

    def waiting_for(self) -> Sequence[str]:
        """Return what is missing; a standby needs the store alone."""
        missing: list[str] = []
        answered_at = self.lease_client.answered_at if self.lease_client else None
        if answered_at is None or asyncio.get_running_loop().time() - answered_at > STORE_SILENT_SECONDS:
            missing.append("the store")
        if self.session is not None and not self.is_connected:
            missing.append(f"the broker: {self.session.last_error}")
        if self.session is None and self.lease_client is not None and self.lease_client.is_valid:
            # It has just become the ingester: nobody has subscribed to the devices' messages yet.
            missing.append("the broker: not connected yet")
        return missing
