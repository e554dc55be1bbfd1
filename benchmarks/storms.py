"""Faults of many devices at once, and what `kubectl get` shows of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.api_writes import Writes
from benchmarks.device_fleet import MIB, DeviceFleet
from benchmarks.table import Row
from e2e.cluster.audit import AuditCursor
from tests.support.fleet import Usage

LIMIT = 600.0
"""Seconds after which a device with a wrong phase counts as missed: more than `offlineAfter` and the budget."""

RATE, BURST = 50, 200
GRACE, HEARTBEAT, OFFLINE_AFTER = 30.0, 30.0, 300.0
"""Seconds until the phase is certain: for wills of many devices at once; for a device that was connected before; for
one that ended while no operator was connected."""

CONNECT_SECONDS = 10.0
KILL_AFTER = GRACE + 15.0
"""Seconds after which the operator is killed: it has begun to write the changes, and has not written many."""


@dataclass(frozen=True)
class Storm:
    """One storm.

    Attributes:
        title: what happens.
        act: causes it.
        changing: devices that have another phase at the end.
        held: seconds until the new phase is certain.
    """

    title: str
    act: Callable[[DeviceFleet], None]
    changing: list[str]
    held: float = 0.0


def storms(fleet: DeviceFleet) -> Iterator[tuple[str, list[Row]]]:
    """Cause each storm; yield its title and the measurements."""
    restart(fleet)
    one, other = fleet.half(0), fleet.half(1)
    for storm in (
        Storm(f"{len(one)} die at once (kill -9)", lambda fleet: die(fleet, 0), one, GRACE),
        Storm(f"{len(one)} connect, operator kill -9 in the middle", connect_under_restart, one, HEARTBEAT),
        Storm(f"the broker of {len(fleet.site_of) // len(fleet.sites)} killed (-9), back after 5 s", kill_broker, []),
        Storm(f"{len(other)} die, operator kill -9 while it writes that", die_under_restart, other, OFFLINE_AFTER),
        Storm(f"the other {len(one)} die at once", lambda fleet: die(fleet, 0), one, GRACE),
        Storm(f"all {len(fleet.site_of)} connect within {CONNECT_SECONDS:.0f} s", connect_all, list(fleet.site_of)),
    ):
        yield storm.title, measure(fleet, storm)


def measure(fleet: DeviceFleet, storm: Storm) -> list[Row]:
    """Cause a storm and watch until every device has the expected phase."""
    watch = fleet.watch
    watch.reset()
    fleet.reset_peak()
    fleet.cpu()
    cursor, begun = AuditCursor.of(fleet.plane), time.monotonic()
    storm.act(fleet)
    missed = watch.await_expected(fleet.expected_phases(), LIMIT)
    right = watch.last_change(storm.changing) - begun if storm.changing else 0.0
    time.sleep(5 if storm.changing else 45)
    took = time.monotonic() - begun
    writes, usage, cpu = Writes.since(cursor), Usage.of(fleet.operator.pid), fleet.cpu()
    bound = expected_seconds(storm.changing, storm.held)
    reports = ", ".join(f"{count} {what}" for what, count in watch.reports.most_common())
    return [
        Row("false Offline", f"{len(watch.false_offline)} {watch.false_offline[:3] or ''}", "0"),
        Row("missed transitions", f"{len(missed)} {missed[:3] or ''}", "0"),
        Row(
            "until kubectl get is right",
            f"{right:.1f} s",
            f"{bound:.0f} s: budget, {storm.held:.0f} s until it can be known",
        ),
        Row("reported", reports or "nothing", ""),
        Row("writes", f"{len(writes.events)}: {writes.by_resource() or 'none'} ({writes.failed} refused)", ""),
        Row("write rate", writes.rate(), f"<= {RATE + BURST} in 1 s, {RATE + BURST / 10:.0f}/s over 10 s"),
        Row("operator RSS", f"peak {usage.peak / MIB:.0f} MiB", "<= 300 MiB"),
        Row("CPU", ", ".join(f"{name} {used:.1f} s" for name, used in cpu.items()) + f" in {took:.0f} s", ""),
    ]


def expected_seconds(changing: list[str], held: float) -> float:
    """Return the seconds in which the budget allows all changes, if they are certain after `held` seconds."""
    return max(0.0, (len(changing) - BURST) / RATE) + held


def restart(fleet: DeviceFleet) -> None:
    """Replace the operator by one with the default settings, and wait until it leads."""
    fleet.operator.stop()
    fleet.new_operator()
    fleet.operator.await_leading()
    fleet.await_brokers()


def die(fleet: DeviceFleet, half: int) -> None:
    """Kill one half of the devices."""
    fleet.watch.running.difference_update(fleet.half(half))
    fleet.halves[half].kill()


def connect(fleet: DeviceFleet, *halves: int) -> None:
    """Let devices connect, all within `CONNECT_SECONDS`."""
    for half in halves:
        fleet.watch.running.update(fleet.half(half))
        fleet.halves[half].start(len(fleet.half(half)) / CONNECT_SECONDS)
    for half in halves:
        fleet.halves[half].await_connected(120)


def connect_all(fleet: DeviceFleet) -> None:
    """Let all devices connect."""
    connect(fleet, 0, 1)


def die_under_restart(fleet: DeviceFleet) -> None:
    """Kill devices, and the operator while it writes that; another one starts at once."""
    die(fleet, 1)
    time.sleep(KILL_AFTER)
    fleet.operator.kill()
    fleet.new_operator()
    fleet.operator.await_leading()


def kill_broker(fleet: DeviceFleet) -> None:
    """Kill a broker and start it again; return when its devices are connected again."""
    fleet.sites[0].restart_broker(5.0)
    for half in fleet.halves:
        half.await_connected(120)


def connect_under_restart(fleet: DeviceFleet) -> None:
    """Let devices connect, and kill the operator in the middle of it; another one starts at once."""
    fleet.watch.running.update(fleet.half(0))
    fleet.halves[0].start(len(fleet.half(0)) / CONNECT_SECONDS)
    time.sleep(CONNECT_SECONDS / 2)
    fleet.operator.kill()
    fleet.new_operator()
    fleet.operator.await_leading()
    fleet.halves[0].await_connected(120)
