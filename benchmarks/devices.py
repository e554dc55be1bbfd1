"""10,000 devices of 20 sites on a real API server and 20 real brokers: time, writes, CPU, memory; storms.

Run by `make bench-devices`, or `python -m benchmarks.devices [--sites 20] [--each 500] [--steady 600] [--storms]`.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.api_writes import Bytes, Writes
from benchmarks.device_fleet import MIB, DeviceFleet, device_fleet
from benchmarks.sites import NAMESPACE, control_plane
from benchmarks.storms import storms
from benchmarks.table import Row, print_table
from e2e.cluster.audit import AuditCursor
from tests.support.fleet import Usage
from tests.support.processes import eventually, operators

CONNECTIONS = 250.0
"""A second, of each half, while the devices are brought up."""

REFRESH, MINUTE = 300.0, 60.0


def bring_up(fleet: DeviceFleet) -> list[Row]:
    """Apply all devices, let each connect when it can, and return what was measured."""
    count, watch = len(fleet.site_of), fleet.watch
    fleet.connect_when_ready(CONNECTIONS)
    watch.running.update(fleet.site_of)
    cursor, before = AuditCursor.of(fleet.plane), Bytes.of(fleet.plane)
    fleet.cpu()
    begun = time.monotonic()
    fleet.apply()
    applied = time.monotonic() - begun
    watch.await_ready(count, 60 + count / 20)
    ready = max(watch.ready.values()) - begun
    whole = "the brokers know all devices"
    eventually(whole, lambda: sum(each.devices() for each in fleet.sites) == count, 60, pause=0.2)
    known = time.monotonic() - begun
    missing = watch.await_expected(dict.fromkeys(fleet.site_of, "Online"), 60 + count / 20)
    assert not missing, (len(missing), missing[:5])
    online = watch.last_change(fleet.site_of) - begun
    writes, cpu = Writes.since(cursor), fleet.cpu()
    return [
        Row("applied by the client", f"{applied:.1f} s", ""),
        Row("all credentials ready", f"{ready:.1f} s", f"{2 * count / 200:.0f} s: 2 writes each, 200/s"),
        Row("all known to the brokers, through their agents", f"{known:.1f} s", ""),
        Row("all Online", f"{online:.1f} s", f"{count / 50:.0f} s: 50/s of liveness"),
        Row("reported Offline on the way", f"{len(watch.false_offline)}", "0"),
        Row("writes of the operator", f"{len(writes.events)}: {writes.by_resource()}", ""),
        Row("writes a device", f"{len(writes.events) / count:.2f} ({writes.failed} refused)", ""),
        Row("bytes written, the client's too", Bytes.of(fleet.plane).since(before), ""),
        *_used(fleet, cpu, time.monotonic() - begun),
    ]


def steady(fleet: DeviceFleet, seconds: float) -> list[Row]:
    """Measure a fleet that beats every 30 s while nothing changes."""
    fleet.watch.reset()
    fleet.reset_peak()
    fleet.cpu()
    cursor, begun = AuditCursor.of(fleet.plane), time.monotonic()
    received = fleet.operator.metric("edge_broker_messages_total")
    busiest = _busiest_minute(fleet.operator.pid, seconds)
    took = time.monotonic() - begun
    cpu, writes = fleet.cpu(), Writes.since(cursor)
    received = fleet.operator.metric("edge_broker_messages_total") - received
    a_device = len(writes.events) / len(fleet.site_of) / (took / REFRESH)
    return [
        Row("messages received", f"{received / took:.0f}/s", ""),
        Row("writes", f"{len(writes.events) * 60 / took:.0f} a minute: {writes.by_resource() or 'none'}", ""),
        Row("writes a device in 5 minutes", f"{a_device:.2f}", "<= 1"),
        Row("write rate", writes.rate(), "<= 25/s over 10 s: half of the budget"),
        Row("reported Offline", f"{len(fleet.watch.false_offline)}", "0"),
        Row("operator CPU in its busiest minute", f"{busiest:.1f} % of a core", ""),
        *_used(fleet, cpu, took, aim="<= 10 % of a core"),
    ]


def _busiest_minute(pid: int, seconds: float) -> float:
    """Wait, and return what the process used at most in a minute, in percent of a core."""
    end, busiest = time.monotonic() + seconds, 0.0
    while (left := end - time.monotonic()) > 1:
        before, begun = Usage.of(pid).cpu, time.monotonic()
        time.sleep(min(MINUTE, left))
        busiest = max(busiest, 100 * (Usage.of(pid).cpu - before) / (time.monotonic() - begun))
    return busiest


def without_refresh(fleet: DeviceFleet, seconds: float) -> list[Row]:
    """Measure the same after a restart with the refresh of `lastSeenTime` off."""
    fleet.operator.stop()
    fleet.watch.reset()
    cursor = AuditCursor.of(fleet.plane)
    fleet.new_operator(EDGE_LAST_SEEN_SECONDS="0")
    fleet.operator.await_leading()
    fleet.cpu()
    begun = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - begun
    cpu, writes = fleet.cpu(), Writes.since(cursor)
    return [
        Row("writes since its start", f"{len(writes.events)}: {writes.by_resource() or 'none'}", "0"),
        Row("reported Offline", f"{len(fleet.watch.false_offline)}", "0"),
        *_used(fleet, cpu, took, aim="<= 10 % of a core"),
    ]


def _used(fleet: DeviceFleet, cpu: dict[str, float], seconds: float, aim: str = "") -> list[Row]:
    usage = Usage.of(fleet.operator.pid)
    broker = max(each.broker_usage().resident for each in fleet.sites)
    agent = max(each.agent_usage().resident for each in fleet.sites)
    share = {name: f"{used:.1f} s, {100 * used / seconds:.1f} % of a core" for name, used in cpu.items()}
    others = "; ".join(f"{name} {share[name]}" for name in share if name != "operator")
    return [
        Row("operator CPU", share["operator"], aim),
        Row("operator RSS", f"{usage.resident / MIB:.0f} MiB, peak {usage.peak / MIB:.0f} MiB", "<= 300 MiB"),
        Row("CPU of the others", others, ""),
        Row("largest RSS of a broker, an agent", f"{broker / MIB:.0f} MiB, {agent / MIB:.0f} MiB", ""),
    ]


@contextmanager
def fleet_of(sites: int, each: int) -> Iterator[DeviceFleet]:
    """Bring up a control plane, an operator, and sites with so many devices each; none is applied yet."""
    with (
        control_plane() as (plane, _, directory),
        operators(plane, directory, "", "bench") as make,
        device_fleet(plane, directory, NAMESPACE, make, sites, each) as fleet,
    ):
        yield fleet


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--each", type=int, default=500, help="devices of a site")
    parser.add_argument("--steady", type=float, default=600.0, help="seconds")
    parser.add_argument("--quiet", type=float, default=120.0, help="seconds with the refresh off")
    parser.add_argument("--storms", action="store_true")
    options = parser.parse_args()
    with fleet_of(options.sites, options.each) as fleet:
        size = f"{options.sites} sites of {options.each} devices"
        print_table(f"{size}: from apply to Online", bring_up(fleet))
        if options.steady:
            print_table(f"{size}: {options.steady:.0f} s, a heartbeat in 30 s", steady(fleet, options.steady))
        if options.quiet:
            rows = without_refresh(fleet, options.quiet)
            print_table(f"{size}: {options.quiet:.0f} s after a restart, refresh off", rows)
        if options.storms:
            for title, rows in storms(fleet):
                print_table(title, rows)


if __name__ == "__main__":
    main()
