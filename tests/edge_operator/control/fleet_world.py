"""The liveness of the devices of one site, without an API server and a broker."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, cast

import pytest

from edge_liveness import EventBudget, StatusWrites, WriteLimits
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.clock import wall_clock
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.events import Events
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, Resource
from edge_operator.control.liveness.events import LivenessEvents
from edge_operator.control.liveness.fleet_liveness import FleetLiveness
from edge_operator.control.liveness.writer import LivenessWriter
from edge_operator.control.loop.informers import Informers
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.status.events import Event
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topics
from edge_wire.messages import MalformedError
from tests.edge_operator.control.samples import SITE, Time, device, message, site


class Told(Events):
    """Records the Events instead of writing them."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def post(self, resource: Resource, event: Event) -> None:
        del resource
        self.reasons.append(event.reason)


class World:
    """The liveness of one device of one site, and the Events about it."""

    def __init__(self) -> None:
        self.time, self.metrics, self.told = Time(), Metrics(), Told()
        self.informers = Informers(wall_clock)
        clocks, sites, devices = self.time.clocks, self.informers.sites, self.informers.devices
        writes: StatusWrites[ResourceKey] = StatusWrites(WriteLimits(), self.time.at)
        self.writer = LivenessWriter(
            writes, cast("ObjectClient", None), devices, lambda: True, self.metrics, clocks, 30.0
        )
        self.events = LivenessEvents(EventBudget(lambda _: True), self.told, sites)
        sessions = BrokerSessions("test")
        self.cleanup = RetainedCleanup(sessions, sites, devices, self.metrics, clocks.steady)
        self.rosters = RosterPublisher(sessions, sites, devices, self.metrics, clocks.steady)
        self.lives = FleetLiveness(
            self.informers, self.cleanup, self.rosters, self.writer, self.events, self.metrics, clocks
        )
        self.informers.add_handler(self.lives)
        sites.put(site().body)
        devices.put(device().body)
        life = self.lives.index.site(SITE)
        assert life is not None
        self.life = life
        life.on_connected()

    def receive(self, payload: bytes, device_id: str = "pump", after: float = 5.0) -> None:
        """Receive a status of a device, after so many seconds; one that cannot be read is counted elsewhere."""
        self.time.at += after
        with contextlib.suppress(MalformedError):
            self.life.on_message(message(topics.device_status(device_id), payload))

    async def reasons(self) -> list[str]:
        """Return the Events of what happened since the last tick."""
        self.lives.tick()
        self.events.flush(self.time.at)
        writing = asyncio.create_task(self.events.run())
        await asyncio.sleep(0)
        writing.cancel()
        reasons, self.told.reasons = self.told.reasons, []
        return reasons


class RecordedWorld(World):
    """Records the calls of FleetLiveness to its collaborators, and makes them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.recorded: list[tuple[Any, ...]] = []
        self._patch = monkeypatch
        for name, part in (("writer", self.writer), ("rosters", self.rosters), ("cleanup", self.cleanup)):
            for method in ("changed", "remove", "on_device_changed", "on_device_deleted"):
                if hasattr(part, method):
                    self._record(part, method, f"{name}.{method}")
        self._record(self.events, "remove", "events.remove")
        self._record(self.events, "on_transition", "transition")
        self._record(self.events, "on_mass_disconnect", "mass disconnect")
        self._record(self.informers.site_queue, "add_after", "enqueue")

    def _record(self, part: object, method: str, name: str) -> None:
        real: Callable[..., Any] = getattr(part, method)

        def recording(*arguments: Any) -> Any:
            named = tuple(each.key if isinstance(each, CachedDevice) else each for each in arguments)
            self.recorded.append((name, *named))
            return None if name == "enqueue" else real(*arguments)

        self._patch.setattr(part, method, recording)

    def calls(self, name: str) -> list[tuple[Any, ...]]:
        """Return the arguments of the calls of that name since the last use of this, and clear all of them."""
        found = [each[1:] for each in self.recorded if each[0] == name]
        self.recorded.clear()
        return found
