"""One broker with 10,000 devices, all connected: how long a reload stalls it, how soon a revocation disconnects.

Run by `make bench-devices`, or `python -m benchmarks.broker [--devices 10000] [--revocations 50]`.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence

from benchmarks.device_fleet import MIB, DeviceFleet, device_fleet
from benchmarks.revocations import Cuts, revoke_all
from benchmarks.sites import NAMESPACE, UNBOUND, control_plane
from benchmarks.table import Row, print_table
from e2e.cluster.fixture import kubectl_for
from tests.support.fleet import Usage
from tests.support.processes import eventually, operators

CONNECTIONS = 250.0
REST = 20.0
FAST = {**UNBOUND, "EDGE_LIVENESS_WRITES_PER_SECOND": "1000"}
"""The devices are brought up faster than an operator may, which is not what is measured here."""


def bring_up(fleet: DeviceFleet, held: Sequence[str]) -> list[Row]:
    """Apply all devices and have all but the held ones connect; then another operator, as users run it, leads."""
    count, begun = len(fleet.site_of), time.monotonic()
    fleet.connect_when_ready(CONNECTIONS, but=held)
    fleet.apply()
    fleet.watch.await_ready(count, 60 + count / 20)
    ready = time.monotonic() - begun
    eventually("the broker knows all", lambda: fleet.sites[0].devices() == count, 60, pause=0.2)
    running = [name for name in fleet.site_of if name not in held]
    for half in fleet.halves:
        half.await_connected(120)
    missing = fleet.watch.await_expected(dict.fromkeys(running, "Online"), 60 + count / 20)
    assert not missing, (len(missing), missing[:5])
    online = time.monotonic() - begun
    peak = Usage.of(fleet.operator.pid).peak
    fleet.operator.stop()
    fleet.new_operator()
    fleet.operator.await_leading()
    fleet.await_brokers()
    eventually("it is at rest", lambda: fleet.operator.metric("edge_queue_depth") == 0, 120, pause=0.5)
    return [
        Row("all credentials ready, budget lifted", f"{ready:.1f} s", ""),
        Row("all Online, budget lifted", f"{online:.1f} s", ""),
        Row("operator peak RSS", f"{peak / MIB:.0f} MiB", "<= 300 MiB"),
    ]


def revocations(fleet: DeviceFleet, victims: Sequence[str], probe: str) -> list[Row]:
    """Disable devices by `kubectl patch`, one after the other."""
    kubectl, site = kubectl_for(fleet.plane), fleet.sites[0]
    patch = json.dumps({"spec": {"disabled": True}})

    def disable(name: str) -> None:
        kubectl("patch", "edgedevice", name, "-n", NAMESPACE, "--type=merge", "-p", patch)

    idle = _idle(fleet)
    reloads, broker, begun = site.pod.reloads, site.broker_usage(), time.monotonic()
    fleet.cpu()
    cuts = asyncio.run(revoke_all(site, victims, probe, disable, REST))
    took, cpu = time.monotonic() - begun, fleet.cpu()
    reloads, now = site.pod.reloads - reloads, site.broker_usage()
    a_reload = (now.cpu - broker.cpu - idle * took) / max(reloads, 1)
    connected = sum(half.connected for half in fleet.halves)
    return [
        *_cut_rows(cuts),
        Row("of Mosquitto's CPU a reload", f"{a_reload:.2f} s (of {reloads:.0f}); {100 * idle:.1f} % at rest", ""),
        Row("Mosquitto's RSS", f"{now.resident / MIB:.0f} MiB, peak {now.peak / MIB:.0f} MiB", ""),
        Row("the agent's RSS", f"{site.agent_usage().resident / MIB:.0f} MiB", "<= 64 MiB"),
        Row("operator's CPU a revocation", f"{cpu['operator'] / len(victims):.2f} s", ""),
        Row("operator's RSS", f"peak {Usage.of(fleet.operator.pid).peak / MIB:.0f} MiB", "<= 300 MiB"),
        Row("others still connected", f"{connected}", f"{len(fleet.site_of) - len(victims) - 1}"),
    ]


def _cut_rows(cuts: Cuts) -> list[Row]:
    return [
        Row("kubectl patch to the closed socket", _spread(cuts.from_start), "p99 <= 5 s"),
        Row("of it after the API server's answer", _spread(cuts.from_answer), ""),
        Row("publish to receive at rest", _spread(cuts.usual, 1000, "ms"), ""),
        Row("longest publish to receive at a reload", _spread(cuts.stalls), ""),
    ]


def _idle(fleet: DeviceFleet) -> float:
    """Return the share of a core that Mosquitto uses for heartbeats."""
    before = fleet.sites[0].broker_usage().cpu
    time.sleep(REST)
    return (fleet.sites[0].broker_usage().cpu - before) / REST


def _spread(values: Sequence[float], factor: float = 1.0, unit: str = "s") -> str:
    ordered = sorted(value * factor for value in values)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"p50 {statistics.median(ordered):.2f}, p99 {last:.2f}, longest {ordered[-1]:.2f} {unit} of {len(ordered)}"


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--revocations", type=int, default=50)
    options = parser.parse_args()
    with (
        control_plane() as (plane, _, directory),
        operators(plane, directory, "", "bench") as make,
        device_fleet(plane, directory, NAMESPACE, make, 1, options.devices, **FAST) as fleet,
    ):
        probe, *victims = list(fleet.site_of)[:: options.devices // (options.revocations + 1)][
            : options.revocations + 1
        ]
        print_table(f"one broker, {options.devices} devices", bring_up(fleet, [probe, *victims]))
        title = f"{len(victims)} revocations, {options.devices} devices connected"
        print_table(title, revocations(fleet, victims, probe))


if __name__ == "__main__":
    main()
