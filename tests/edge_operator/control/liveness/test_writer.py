"""When a device's status is written, tried again, put off, or not written at all. Time jumps; nothing is sent."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from edge_liveness import StatusWrites, Write, WriteKind, WriteLimits
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.status_writer import status_manifest
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.control.liveness.clocks import Clocks
from edge_operator.control.liveness.writer import MIN_PAUSE_SECONDS, PAUSE_SECONDS, LivenessWriter, pause_seconds
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.cluster.virtual import now, run_virtual
from tests.edge_operator.control.closed_gate import ClosedGate, closed_client
from tests.edge_operator.control.samples import BEGAN, device, site

PUMP, FAN = ("factory", "pump"), ("factory", "fan")
LOOK_AGAIN = 10.0
STATUS = {"phase": "Online"}

PAUSES = {
    "nothing waits": (None, PAUSE_SECONDS),
    "due soon": (100.25, 0.25),
    "due now": (100.0, MIN_PAUSE_SECONDS),
    "overdue": (90.0, MIN_PAUSE_SECONDS),
    "due much later": (400.0, PAUSE_SECONDS),
}


@pytest.mark.parametrize(("next_at", "pause"), PAUSES.values(), ids=PAUSES)
def test_pause_is_never_zero_and_never_long(next_at: float | None, pause: float) -> None:
    assert pause_seconds(100.0, next_at) == pause


@pytest.mark.parametrize(
    ("resource", "kind"), [(device(version=7), "EdgeDevice"), (site(generation=7), "EdgeSite")], ids=["device", "site"]
)
def test_status_is_applied_onto_the_version_that_it_was_computed_from(resource: Any, kind: str) -> None:
    manifest = status_manifest(resource, STATUS)
    namespace, name = resource.key
    assert manifest == {
        "apiVersion": "edge-stack.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "resourceVersion": "7"},
        "status": STATUS,
    }


class Rig:
    """A writer that runs, and what it asked to be said when."""

    def __init__(self, objects: ObjectClient, gate: ClosedGate) -> None:
        self.gate, self.began, self.leads = gate, now(), True
        self.asked: list[tuple[str, float]] = []
        self.answer: Callable[[], Mapping[str, Any] | None] = lambda: None
        self.devices = DeviceCache(lambda *_: None)
        self.metrics = Metrics()
        clocks = Clocks(now, lambda: BEGAN + dt.timedelta(seconds=now() - self.began))
        self.writes: StatusWrites[ResourceKey] = StatusWrites(WriteLimits(refresh_after=None), now())
        self.writer = LivenessWriter(
            self.writes, objects, self.devices, lambda: self.leads, self.metrics, clocks, LOOK_AGAIN
        )

    def say(self, said_of: CachedDevice, write: Write[ResourceKey], at: str) -> Mapping[str, Any] | None:
        assert write.kind is WriteKind.TRANSITION
        assert at == (BEGAN + dt.timedelta(seconds=now() - self.began)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.asked.append((said_of.key[1], round(now() - self.began, 2)))
        return self.answer()

    def times(self, name: str = "pump") -> list[float]:
        return [at for asked, at in self.asked if asked == name]


def played(story: Callable[[Rig], Awaitable[None]]) -> Rig:
    """Return the rig after `story`, with two devices and a writer that ran all the while."""

    async def main() -> Rig:
        async with closed_client() as (client, gate):
            rig = Rig(ObjectClient(client), gate)
            for each in (device(), device("fan")):
                rig.devices.put(each.body)
            running = asyncio.create_task(rig.writer.run(rig.say))
            await story(rig)
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return rig

    return run_virtual(main())


def test_nothing_new_to_say_costs_nothing_and_is_asked_again_at_the_next_change_alone() -> None:
    async def story(rig: Rig) -> None:
        rig.writer.changed(PUMP)
        await asyncio.sleep(60)
        rig.writer.changed(PUMP)
        await asyncio.sleep(60)

    rig = played(story)
    assert rig.times() == [0.0, 60.0]
    assert (rig.gate.attempts, len(rig.writes)) == (0, 0)


def test_change_is_taken_up_at_once() -> None:
    async def story(rig: Rig) -> None:
        await asyncio.sleep(5.4)
        rig.writer.changed(PUMP)
        await asyncio.sleep(0.7)
        rig.writer.changed(FAN)
        await asyncio.sleep(1)

    assert played(story).asked == [("pump", 5.4), ("fan", 6.1)]


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "being deleted"])
def test_nothing_is_logged_of_a_device_that_is_deleted(*, gone: bool) -> None:
    async def story(rig: Rig) -> None:
        rig.answer = lambda: STATUS
        if gone:
            rig.devices.delete(PUMP)
        else:
            body = device(version=2).body
            leaving = {**body["metadata"], "deletionTimestamp": "2026-11-25T12:00:00Z"}
            rig.devices.put({**body, "metadata": leaving})
        rig.writer.changed(PUMP)
        await asyncio.sleep(60)

    rig = played(story)
    assert (rig.asked, rig.gate.attempts, len(rig.writes)) == ([], 0, 0)


def test_device_that_is_forgotten_is_not_written() -> None:
    async def story(rig: Rig) -> None:
        rig.writer.changed(PUMP)
        rig.writer.remove(PUMP)
        await asyncio.sleep(60)

    assert played(story).asked == []


def test_fault_of_ours_puts_one_device_off_for_twice_as_long_each_time_and_holds_up_no_other() -> None:
    async def story(rig: Rig) -> None:
        def fault() -> Mapping[str, Any]:
            if rig.asked[-1][0] == "pump":
                raise KeyError("sinceTime")
            return STATUS

        rig.answer = fault
        rig.writer.changed(PUMP)
        await asyncio.sleep(LOOK_AGAIN * 7.5)
        rig.answer = lambda: None
        rig.writer.changed(FAN)
        await asyncio.sleep(0.5)

    rig = played(story)
    for asked, expected in zip(rig.times(), [0.0, 10.0, 30.0, 70.0], strict=True):
        assert expected <= asked <= expected + 2 * PAUSE_SECONDS
    assert rig.times("fan") == [75.0]


def test_device_that_is_put_off_is_not_tried_again_once_it_is_forgotten() -> None:
    async def story(rig: Rig) -> None:
        def fault() -> Mapping[str, Any]:
            raise KeyError("sinceTime")

        rig.answer = fault
        rig.writer.changed(PUMP)
        await asyncio.sleep(1)
        rig.writer.remove(PUMP)
        await asyncio.sleep(100)

    assert played(story).times() == [0.0]


def test_closed_gate_is_tried_again_after_a_pause_for_all() -> None:
    async def story(rig: Rig) -> None:
        rig.answer = lambda: STATUS
        rig.writer.changed(PUMP)
        await asyncio.sleep(2 * PAUSE_SECONDS + 0.5)

    rig = played(story)
    assert (len(rig.times()), rig.gate.attempts) == (3, 3)
    for before, after in pairwise(rig.times()):
        assert PAUSE_SECONDS <= after - before <= 1.25 * PAUSE_SECONDS
    assert rig.metrics.registry.get_sample_value("edge_liveness_writes_total", {"kind": "transition"}) is None


def test_nothing_is_asked_while_another_leads_and_all_of_it_soon_after() -> None:
    async def story(rig: Rig) -> None:
        rig.leads = False
        rig.writer.changed(PUMP)
        rig.writer.changed(FAN)
        await asyncio.sleep(30.1)
        assert rig.asked == []
        rig.leads = True
        await asyncio.sleep(1)

    rig = played(story)
    assert [name for name, _ in rig.asked] == ["pump", "fan"]
    assert all(30.1 <= at <= 30.1 + PAUSE_SECONDS / 4 for _, at in rig.asked)
