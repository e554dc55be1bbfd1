"""The lives of the devices of one site, without an API server and a broker."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from edge_liveness import EventBudget, StatusWrites, WriteLimits
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.objects import Objects
from edge_operator.control.events import Events
from edge_operator.control.knowledge import Knowledge
from edge_operator.control.leftovers import Leftovers
from edge_operator.control.liveness_events import LivenessEvents
from edge_operator.control.liveness_writer import LivenessWriter
from edge_operator.control.lives import Lives
from edge_operator.control.resource import DeviceObject, Resource
from edge_operator.control.rosters import Rosters
from edge_operator.control.store import ResourceKey
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topics
from tests.edge_operator.control.lives import SITE, Time, device, message, site


class Told(Events):
    """Remembers the Events instead of writing them."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def post(self, resource: Resource, severity: str, reason: str, note: str) -> None:
        del resource, severity, note
        self.reasons.append(reason)


class World:
    """The lives of one device of one site, and what was told of it."""

    def __init__(self) -> None:
        self.time, self.metrics, self.told = Time(), Metrics(), Told()
        self.knowledge = Knowledge()
        clocks, sites, devices = self.time.clocks, self.knowledge.sites, self.knowledge.devices
        writes: StatusWrites[ResourceKey] = StatusWrites(WriteLimits(), self.time.at)
        self.writer = LivenessWriter(writes, cast("Objects", None), devices, lambda: True, self.metrics, clocks, 30.0)
        self.events = LivenessEvents(EventBudget(lambda _: True), self.told, sites)
        sessions = BrokerSessions("test")
        self.leftovers = Leftovers(sessions, sites, devices, self.metrics, clocks.steady)
        self.rosters = Rosters(sessions, sites, devices, self.metrics, clocks.steady)
        self.lives = Lives(self.knowledge, self.leftovers, self.rosters, self.writer, self.events, self.metrics, clocks)
        self.knowledge.tell(self.lives)
        sites.put(site().body)
        devices.put(device().body)
        life = self.lives.fleet.site(SITE)
        assert life is not None
        self.life = life
        life.connected()

    def hear(self, payload: bytes, device_id: str = "pump", after: float = 5.0) -> None:
        """Take a status of a device, after so many seconds."""
        self.time.at += after
        self.life.heard(message(topics.device_status(device_id), payload))

    async def reasons(self) -> list[str]:
        """Return the Events of what happened since the last tick."""
        self.lives.tick()
        self.events.decide(self.time.at)
        writing = asyncio.create_task(self.events.run())
        await asyncio.sleep(0)
        writing.cancel()
        told, self.told.reasons = self.told.reasons, []
        return told


class Noted(World):
    """Notes what the lives ask of the others, beside doing it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.asked: list[tuple[Any, ...]] = []
        self._patch = monkeypatch
        for name, part in (("writer", self.writer), ("rosters", self.rosters), ("leftovers", self.leftovers)):
            for method in ("changed", "forget", "removed"):
                if hasattr(part, method):
                    self._note(part, method, f"{name}.{method}")
        self._note(self.events, "forget", "events.forget")
        self._note(self.events, "turned", "turned")
        self._note(self.events, "lost_at_once", "lost at once")
        self._note(self.knowledge.site_queue, "add_after", "look at")

    def _note(self, part: object, method: str, name: str) -> None:
        real: Callable[..., Any] = getattr(part, method)

        def noted(*arguments: Any) -> Any:
            named = tuple(each.key if isinstance(each, DeviceObject) else each for each in arguments)
            self.asked.append((name, *named))
            return None if name == "look at" else real(*arguments)

        self._patch.setattr(part, method, noted)

    def said(self, name: str) -> list[tuple[Any, ...]]:
        """Return what was asked under that name since the last call of this, and forget all of it."""
        found = [each[1:] for each in self.asked if each[0] == name]
        self.asked.clear()
        return found
