"""What happens to many devices at once, and what `kubectl get` tells of it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.api_writes import Writes
from benchmarks.device_fleet import MIB, DeviceFleet
from benchmarks.table import Row
from e2e.cluster.audit import AuditCursor
from tests.support.fleet import Usage

LIMIT = 600.0
"""Seconds after which a device that is told wrong counts as missed: more than `offlineAfter` and the budget."""

RATE, BURST = 50, 200
GRACE, HEARTBEAT, UNHEARD = 30.0, 30.0, 300.0
"""Seconds: wills of many at once are held; a device that was connected already is heard again; one that died while
nobody listened is known to be dead (`offlineAfter`)."""

CONNECT_SECONDS = 10.0
AWAY_AFTER = GRACE + 15.0
"""When the operator is killed: it has begun to write what happened and has not come far."""


@dataclass(frozen=True)
class Storm:
    """One storm.

    Attributes:
        title: what happens.
        act: lets it happen.
        changing: devices that end up otherwise than they were.
        held: seconds for which nothing may be concluded yet.
    """

    title: str
    act: Callable[[DeviceFleet], None]
    changing: list[str]
    held: float = 0.0


def storms(fleet: DeviceFleet) -> Iterator[tuple[str, list[Row]]]:
    """Let each storm happen; yield its title and what was measured."""
    restart(fleet)
    one, other = fleet.half(0), fleet.half(1)
    for storm in (
        Storm(f"{len(one)} die at once (kill -9)", lambda fleet: die(fleet, 0), one, GRACE),
        Storm(f"{len(one)} connect, operator kill -9 in the middle", connect_under_restart, one, HEARTBEAT),
        Storm(f"the broker of {len(fleet.home) // len(fleet.sites)} killed (-9), back after 5 s", kill_broker, []),
        Storm(f"{len(other)} die, operator kill -9 while it writes that", die_under_restart, other, UNHEARD),
        Storm(f"the other {len(one)} die at once", lambda fleet: die(fleet, 0), one, GRACE),
        Storm(f"all {len(fleet.home)} connect within {CONNECT_SECONDS:.0f} s", connect_all, list(fleet.home)),
    ):
        yield storm.title, measure(fleet, storm)


def measure(fleet: DeviceFleet, storm: Storm) -> list[Row]:
    """Let a storm happen and watch until all is told right."""
    watch = fleet.watch
    watch.begin()
    fleet.forget_peak()
    fleet.cpu()
    cursor, begun = AuditCursor.of(fleet.plane), time.monotonic()
    storm.act(fleet)
    missed = watch.await_right(fleet.truth(), LIMIT)
    right = watch.last_turn(storm.changing) - begun if storm.changing else 0.0
    time.sleep(5 if storm.changing else 45)
    took = time.monotonic() - begun
    writes, usage, cpu = Writes.since(cursor), Usage.of(fleet.operator.pid), fleet.cpu()
    bound = right_within(storm.changing, storm.held)
    told = ", ".join(f"{count} {what}" for what, count in watch.told.most_common())
    return [
        Row("false Offline", f"{len(watch.false_offline)} {watch.false_offline[:3] or ''}", "0"),
        Row("missed transitions", f"{len(missed)} {missed[:3] or ''}", "0"),
        Row(
            "until kubectl get is right",
            f"{right:.1f} s",
            f"{bound:.0f} s: budget, {storm.held:.0f} s until it can be known",
        ),
        Row("told", told or "nothing", ""),
        Row("writes", f"{len(writes.events)}: {writes.by_resource() or 'none'} ({writes.failed} refused)", ""),
        Row("write rate", writes.rate(), f"<= {RATE + BURST} in 1 s, {RATE + BURST / 10:.0f}/s over 10 s"),
        Row("operator RSS", f"peak {usage.peak / MIB:.0f} MiB", "<= 300 MiB"),
        Row("CPU", ", ".join(f"{name} {used:.1f} s" for name, used in cpu.items()) + f" in {took:.0f} s", ""),
    ]


def right_within(changing: list[str], held: float) -> float:
    """Return the seconds in which the budget lets all be told that changes, if nothing may be for `held` seconds."""
    return max(0.0, (len(changing) - BURST) / RATE) + held


def restart(fleet: DeviceFleet) -> None:
    """Have an operator with the default settings lead, in the place of whichever runs."""
    fleet.operator.stop()
    fleet.new_operator()
    fleet.operator.await_leading()
    fleet.await_brokers()


def die(fleet: DeviceFleet, half: int) -> None:
    """Kill one half of the devices."""
    fleet.watch.alive.difference_update(fleet.half(half))
    fleet.halves[half].kill()


def connect(fleet: DeviceFleet, *halves: int) -> None:
    """Let devices connect, all of them within the time."""
    for half in halves:
        fleet.watch.alive.update(fleet.half(half))
        fleet.halves[half].start(len(fleet.half(half)) / CONNECT_SECONDS)
    for half in halves:
        fleet.halves[half].await_connected(120)


def connect_all(fleet: DeviceFleet) -> None:
    """Let all devices connect."""
    connect(fleet, 0, 1)


def die_under_restart(fleet: DeviceFleet) -> None:
    """Kill devices, and the operator in the middle of telling it; another one starts at once."""
    die(fleet, 1)
    time.sleep(AWAY_AFTER)
    fleet.operator.kill()
    fleet.new_operator()
    fleet.operator.await_leading()


def kill_broker(fleet: DeviceFleet) -> None:
    """Kill a broker and start it again; return when its devices are back."""
    fleet.sites[0].restart_broker(5.0)
    for half in fleet.halves:
        half.await_connected(120)


def connect_under_restart(fleet: DeviceFleet) -> None:
    """Let devices connect, and kill the operator in the middle of it; another one starts at once."""
    fleet.watch.alive.update(fleet.half(0))
    fleet.halves[0].start(len(fleet.half(0)) / CONNECT_SECONDS)
    time.sleep(CONNECT_SECONDS / 2)
    fleet.operator.kill()
    fleet.new_operator()
    fleet.operator.await_leading()
    fleet.halves[0].await_connected(120)
