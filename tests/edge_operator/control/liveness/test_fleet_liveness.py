"""What is told of a device that comes or goes, whatever else happens to it in that moment."""

import asyncio
from typing import cast

from edge_liveness import EventBudget, StatusWrites, WriteLimits
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.events import Events
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import Resource
from edge_operator.control.liveness.events import LivenessEvents
from edge_operator.control.liveness.fleet_liveness import FleetLiveness
from edge_operator.control.liveness.writer import LivenessWriter
from edge_operator.control.loop.informers import Informers
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topics
from tests.edge_operator.control.samples import SITE, Time, device, message, site

STATUS = topics.device_status("pump")


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
        self.time, self.metrics, self.last_reported = Time(), Metrics(), Told()
        self.informers = Informers()
        clocks, sites, devices = self.time.clocks, self.informers.sites, self.informers.devices
        writes: StatusWrites[ResourceKey] = StatusWrites(WriteLimits(), self.time.at)
        writer = LivenessWriter(writes, cast("ObjectClient", None), devices, lambda: True, self.metrics, clocks, 30.0)
        self.events = LivenessEvents(EventBudget(lambda _: True), self.last_reported, sites)
        sessions = BrokerSessions("test")
        cleanup = RetainedCleanup(sessions, sites, devices, self.metrics, clocks.steady)
        rosters = RosterPublisher(sessions, sites, devices, self.metrics, clocks.steady)
        self.lives = FleetLiveness(self.informers, cleanup, rosters, writer, self.events, self.metrics, clocks)
        self.informers.add_handler(self.lives)
        sites.put(site().body)
        devices.put(device().body)
        life = self.lives.index.site(SITE)
        assert life is not None
        self.life = life
        life.on_connected()

    def hear(self, payload: bytes) -> None:
        self.time.at += 5.0
        self.life.on_message(message(STATUS, payload))

    async def reasons(self) -> list[str]:
        """Return the Events of what happened since the last tick."""
        self.lives.tick()
        self.events.flush(self.time.at)
        writing = asyncio.create_task(self.events.run())
        await asyncio.sleep(0)
        writing.cancel()
        told, self.last_reported.reasons = self.last_reported.reasons, []
        return told


async def test_device_that_comes_and_goes_is_told_of() -> None:
    world = World()
    world.hear(b"online")
    assert await world.reasons() == ["HeartbeatReceived"]
    world.hear(b'{"status": "offline", "reason": "Disconnected"}')
    assert await world.reasons() == ["Disconnected"]
    assert await world.reasons() == []


async def test_device_that_is_edited_in_that_moment_is_told_of_as_well() -> None:
    world = World()
    world.hear(b"online")
    world.informers.devices.put(device(version=2, displayName="Pump 1").body)
    assert await world.reasons() == ["HeartbeatReceived"]


async def test_device_that_went_and_came_between_two_ticks_came() -> None:
    world = World()
    world.hear(b"online")
    await world.reasons()
    world.hear(b'{"status": "offline", "reason": "Disconnected"}')
    world.hear(b"online")
    assert await world.reasons() == ["HeartbeatReceived"]
