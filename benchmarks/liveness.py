"""100,000 devices against the liveness floor alone: messages a CPU second, the cost of a tick, bytes a device.

Run by `make bench`, or `python -m benchmarks.liveness [--devices 100000] [--sites 200]`.
"""

import argparse
import gc
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

from benchmarks.table import Row, print_table
from edge_liveness import (
    DeviceSettings,
    Phase,
    Reason,
    RestoredState,
    SiteLiveness,
    SiteSettings,
    StatusWrites,
    WriteLimits,
)
from edge_wire.messages import Activity, DeviceStatus

SITE = SiteSettings()
HEARTBEAT = SITE.heartbeat_interval
MICRO = 1e6
SESSION = "{:08}"


def ids(devices: int) -> list[str]:
    """Return the ids of so many devices."""
    return [f"device-{number:06}" for number in range(devices)]


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that work takes; the pauses of the garbage collector are included."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


class Fleet:
    """One site of many devices that all beat once in a heartbeat's interval.

    Args:
        names: ids of the devices.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.now = 0.0
        self.site = SiteLiveness(SITE, 0.0)
        self.site.connected(0.0, "boot-1")
        settings = SITE.device()
        for name in names:
            self.site.put(name, 0.0, settings, RestoredState(Phase.OFFLINE, Reason.LAST_WILL, -1e6))

    def beat(self, one: Callable[[str, float], None]) -> None:
        """Send one message of each device over one interval, in a mixed order."""
        step = HEARTBEAT / len(self.names)
        for number in range(len(self.names)):
            one(self.names[number * 7919 % len(self.names)], self.now + number * step)
        self.now += HEARTBEAT

    def digests(self) -> None:
        """Report one message of each device, in one digest a second."""
        each = int(len(self.names) / HEARTBEAT)
        for second in range(int(HEARTBEAT)):
            part = self.names[second * each : (second + 1) * each]
            ages = {name: number / each for number, name in enumerate(part)}
            self.site.digest(Activity("processor", ages, queue_lag_seconds=0.002), self.now + second)
        self.now += HEARTBEAT

    def ticks(self, seconds: int) -> list[float]:
        """Tick once a second; return what each took."""
        took = []
        for _ in range(seconds):
            begun = time.perf_counter()
            self.site.tick(self.now)
            took.append(time.perf_counter() - begun)
            self.now += 1.0
        return took


def _rate(count: int, seconds: float, aim: str = "") -> tuple[str, str]:
    return f"{count / seconds / 1000:,.0f} k ({seconds / count * MICRO:.2f} µs each)", aim


def messages(names: list[str]) -> list[Row]:
    """Measure messages a CPU second."""
    fleet = Fleet(names)
    online = {name: DeviceStatus(name, "online", session="7", metadata={"firmware": "1.0"}) for name in names}
    status, received = fleet.site.status, fleet.site.message_received
    births = cpu(lambda: fleet.beat(lambda name, at: status(name, online[name], at)))
    begun = time.perf_counter()
    changes = len(fleet.site.tick(fleet.now))
    taking = time.perf_counter() - begun
    assert changes == len(names)
    again = cpu(lambda: fleet.beat(lambda name, at: status(name, online[name], at)))
    beats = cpu(lambda: fleet.beat(received))
    digests = cpu(fleet.digests)
    assert fleet.site.tick(fleet.now) == []
    assert fleet.site.counts().online == len(names)
    return [
        Row("births, each a transition, a CPU second", *_rate(len(names), births)),
        Row("taking those transitions", f"{taking * 1000:.2f} ms", ""),
        Row("status messages, a CPU second", *_rate(len(names), again)),
        Row("heartbeats, a CPU second", *_rate(len(names), beats)),
        Row("devices in digests, a CPU second", *_rate(int(len(names) / HEARTBEAT) * int(HEARTBEAT), digests)),
    ]


def ticks(names: list[str]) -> list[Row]:
    """Measure ticks: idle, after a reconnect, and when all devices fall silent."""
    fleet = Fleet(names)
    fleet.beat(fleet.site.message_received)
    fleet.site.tick(fleet.now)
    idle = fleet.ticks(200)
    fleet.site.disconnected(fleet.now)
    fleet.site.connected(fleet.now + 1, "boot-1")
    fleet.now += 1
    refiling = fleet.ticks(150)
    silent = fleet.ticks(200)
    assert fleet.site.counts().offline == len(names)
    deadline = cpu(lambda: [fleet.site.deadline() for _ in range(1000)]) / 1000
    return [
        Row("tick with nothing due, p50", f"{statistics.median(idle) * MICRO:.1f} µs", "microseconds"),
        Row("tick with nothing due, longest", f"{max(idle) * MICRO:.1f} µs", "microseconds"),
        Row("tick that files all again after a reconnect, longest", f"{max(refiling) * 1000:.2f} ms", ""),
        Row("tick in which all expire at once, longest", f"{max(silent) * 1000:.1f} ms", ""),
        Row("asking for the deadline", f"{deadline * MICRO:.2f} µs", ""),
    ]


def storms(names: list[str]) -> list[Row]:
    """Measure the loss of all devices by their wills, and of the broker."""
    fleet = Fleet(names)
    fleet.beat(fleet.site.message_received)
    fleet.site.tick(fleet.now)
    offline = {name: DeviceStatus(name, "offline") for name in names}

    def lose() -> None:
        for name in names:
            fleet.site.status(name, offline[name], fleet.now)

    held = cpu(lose)
    waiting = fleet.ticks(5)
    fleet.now += SITE.mass_grace
    decided = fleet.ticks(1)
    assert fleet.site.counts().offline == len(names)
    fleet.beat(fleet.site.message_received)
    fleet.site.disconnected(fleet.now)
    fleet.now += SITE.unreachable_after
    unreachable = fleet.ticks(1)
    assert fleet.site.counts().unknown == len(names)
    return [
        Row("wills of all, a CPU second", *_rate(len(names), held)),
        Row("tick while they are held, longest", f"{max(waiting[1:]) * MICRO:.1f} µs", ""),
        Row("tick that believes them all", f"{decided[0] * 1000:.0f} ms", ""),
        Row("tick that makes all Unknown", f"{unreachable[0] * 1000:.0f} ms", ""),
    ]


def memory(names: list[str], sites: int) -> list[Row]:
    """Measure bytes a device, all Online in one site and spread over many; its id and session are counted too."""
    texts = sys.getsizeof(names[0]) + sys.getsizeof(SESSION.format(0))
    return [
        Row("of them the texts of its id and session", f"{texts} B", ""),
        Row("bytes a device, one site", f"{_bytes(len(names), 1):.0f} B", "<= 300 B"),
        Row(f"bytes a device, {sites} sites", f"{_bytes(len(names), sites):.0f} B", "<= 300 B"),
    ]


def _bytes(devices: int, sites: int) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        kept = [_online_site(devices // sites) for _ in range(sites)]
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / (devices // sites * len(kept))
    finally:
        tracemalloc.stop()


def _online_site(devices: int) -> SiteLiveness:
    fleet = Fleet(ids(devices))
    for number in range(devices):
        fleet.site.message_received(fleet.names[number], number * HEARTBEAT / devices, SESSION.format(number))
    fleet.site.tick(HEARTBEAT)
    return fleet.site


def writes(names: list[str]) -> list[Row]:
    """Measure the order of writes, without the writes."""
    queue = StatusWrites[str](WriteLimits(rate=1e9, burst=1e9, refresh_after=300.0), 0.0)

    def changed() -> None:
        for name in names:
            queue.changed(name, 0.0)
        _drain(queue, 0.0)

    transitions = cpu(changed)
    refreshes = cpu(lambda: _drain(queue, 300.0))
    return [
        Row("transitions queued, taken and done, a CPU second", *_rate(len(names), transitions)),
        Row("refreshes taken and done, a CPU second", *_rate(len(names), refreshes)),
    ]


def _drain(queue: StatusWrites[str], at: float) -> None:
    while (write := queue.take(at)) is not None:
        queue.done(write, at)


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--sites", type=int, default=200, help="over how many the devices are spread for their size")
    options = parser.parse_args()
    names = ids(options.devices)
    assert SITE.device() == DeviceSettings(SITE.offline_after)
    print_table(f"{options.devices} devices of one site: messages", messages(names))
    print_table("ticks", ticks(names))
    print_table("storms", storms(names))
    print_table("memory", memory(names, options.sites))
    print_table("order of status writes", writes(names))


if __name__ == "__main__":
    main()
