"""Wrong phases after an operator is killed at steady state, and after an outage longer than `offlineAfter`.

Run by `make bench-devices`, or `python -m benchmarks.failover [--sites 20] [--each 100]` (about 25 minutes).
"""

import argparse
import time

from benchmarks.api_writes import Writes
from benchmarks.device_fleet import DeviceFleet
from benchmarks.devices import bring_up, fleet_of
from benchmarks.storms import GRACE, connect, die, expected_seconds
from benchmarks.table import Row, print_table
from e2e.cluster.audit import AuditCursor

OFFLINE_AFTER = 300.0
"""Seconds, the default of a site."""

OUTAGE = OFFLINE_AFTER + 60.0
MARGIN = 60.0
"""Seconds beyond what the rules and the budget allow, after which a wrong phase counts as missed."""


def failover(fleet: DeviceFleet) -> list[Row]:
    """Kill the leader (-9) while nothing changes, and watch for twice `offlineAfter`; then kill half of them."""
    leader = fleet.operator
    fleet.new_operator()
    fleet.operator.await_ready()
    fleet.watch.reset()
    cursor, begun = AuditCursor.of(fleet.plane), time.monotonic()
    leader.kill()
    fleet.operator.await_leading()
    took = time.monotonic() - begun
    time.sleep(2 * OFFLINE_AFTER)
    writes, reports = Writes.since(cursor), fleet.watch.reports.total()
    rows = [
        Row("until the other one led", f"{took:.1f} s", "<= 15 s"),
        Row("false Offline within twice offlineAfter", f"{len(fleet.watch.false_offline)}", "0"),
        Row("phases reported", f"{reports}", "0"),
        Row("writes", f"{len(writes.events)}: {writes.by_resource() or 'none'}", ""),
    ]
    begun = time.monotonic()
    die(fleet, 0)
    return [*rows, *_until_right(fleet, fleet.half(0), begun, GRACE, "after that, of those that die at once")]


def outage(fleet: DeviceFleet) -> list[Row]:
    """Kill the operator (-9), kill half of the devices, and start another operator much later."""
    fleet.watch.reset()
    fleet.operator.kill()
    die(fleet, 0)
    time.sleep(OUTAGE)
    begun = time.monotonic()
    fleet.new_operator()
    fleet.operator.await_leading()
    rows = _until_right(
        fleet, fleet.half(0), begun, OFFLINE_AFTER, "of those that ended without an operator, since its start"
    )
    time.sleep(max(0.0, begun + 2 * OFFLINE_AFTER - time.monotonic()))
    return [*rows, Row("false Offline within twice offlineAfter", f"{len(fleet.watch.false_offline)}", "0")]


def _until_right(fleet: DeviceFleet, changing: list[str], begun: float, held: float, label: str) -> list[Row]:
    """Wait until every device has the expected phase; return the time, and the wrong and missing reports."""
    watch, bound = fleet.watch, expected_seconds(changing, held)
    missed = watch.await_expected(fleet.expected_phases(), bound + MARGIN)
    return [
        Row(f"until kubectl get is right {label}", f"{watch.last_change(changing) - begun:.1f} s", f"{bound:.0f} s"),
        Row(f"missed {label}", f"{len(missed)} {missed[:3] or ''}", "0"),
        Row("false Offline until then", f"{len(watch.false_offline)}", "0"),
    ]


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--each", type=int, default=100, help="devices of a site")
    options = parser.parse_args()
    with fleet_of(options.sites, options.each) as fleet:
        size = f"{options.sites} sites of {options.each} devices"
        bring_up(fleet)
        print_table(f"{size}: the leader is killed (-9), a standby takes over", failover(fleet))
        connect(fleet, 0)
        assert not fleet.watch.await_expected(
            fleet.expected_phases(), MARGIN + expected_seconds(list(fleet.site_of), 0.0)
        )
        print_table(f"{size}: no operator for {OUTAGE:.0f} s, half of the devices end in that time", outage(fleet))


if __name__ == "__main__":
    main()
