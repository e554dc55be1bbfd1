"""Rows of readings by MQTT, through processor and store."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.path.figures import MIB, percentile, resident_bytes, wait_until_quiet
from benchmarks.path.mqtt_load import Measured, measure
from benchmarks.path.plan import Plan
from benchmarks.path.site import MeasuredSite
from benchmarks.table import Row
from tests.support.mosquitto import MEMORY_LIMIT

RATES = ((10_000, "≤ 18 µs", "177"), (3000, "≤ 27 µs", "210"), (1000, "≤ 40 µs", "321"))
"""Readings a second, what is aimed at, and the figure at 359cdd0."""

WARM_UP = 5000
"""Number of readings before each measurement, so that caches and code are warm."""

LONE_COUNT, LONE_RATE = 60, 4.0
"""Readings after quiet: their number, and how many a second."""

DROPPED = "$SYS/broker/publish/messages/dropped"


def mqtt(plan: Plan) -> Iterator[Row]:
    """Measure bursts, rates and lone readings, and the null processor beside them."""
    with plan.site() as site:
        processor = site.processor().start().await_ready()
        pids = [processor.pid, site.store.pid]
        wait_until_quiet(pids)
        time.sleep(5)
        memory = " · ".join(f"{resident_bytes(pid) / MIB:.0f} MiB" for pid in pids)
        yield Row("idle RSS: processor · store", memory, "≤ 35 each (was 59 · 52)")
        measure(site, pids, WARM_UP, 2000, "warm-up")
        lone = measure(site, pids, LONE_COUNT, LONE_RATE, "lone", every=1)
        loads = {rate: measure(site, pids, int(rate * plan.seconds), rate, f"at-{rate}") for rate, _, _ in RATES}
        burst = measure(site, pids, plan.burst, 0, "burst")
        processor.stop()
        null = _null(site, plan.burst)
    yield from _burst_rows(burst, null)
    for rate, aim, was in RATES:
        yield _cpu_row(f"{rate:,}/s", loads[rate], f"{aim} (was {was})")
    for rate in (10_000, 1000):
        said = f"{loads[rate].delays()}; {_share_in_time(loads[rate], rate)}"
        yield Row(f"publish → out at {rate:,}/s, p50 / p99", said, "≤ 15 / 40 ms")
    yield Row("lone reading: publish → out, p50 / p99", lone.delays(), "≤ 10 ms + one fsync")
    yield Row("lone reading: received_at → out, p50", f"{1000 * percentile(lone.since_received, 50):.1f} ms", "")
    with plan.site() as site:
        yield Row("one fdatasync of 4 KiB on this disk, p50 / p99", fsync_delays(site.directory), "")
    yield Row("bytes written a reading at 1,000/s", f"{loads[1000].written:,.0f}", "≤ 1,000 (was 11,879)")
    yield Row("bytes written a reading in the burst", f"{burst.written:,.0f}", "≤ 1,400 (was 3,296)")


def _cpu_row(what: str, load: Measured, aim: str) -> Row:
    parts = f"{load.micros():.1f} µs ({load.micros(0):.1f} + {load.micros(1):.1f})"
    missing = f"; {load.messages - load.out:,} not out" if load.out < load.messages else ""
    return Row(f"CPU a reading, processor + store: {what}", parts + missing, aim)


def _burst_rows(burst: Measured, null: Measured) -> Iterator[Row]:
    yield _cpu_row(f"burst of {burst.messages:,}", burst, "≤ 16 µs (was 174)")
    yield Row("burst: out a second", f"{burst.rate:,.0f}/s", "≥ 22,000/s (was 3,707)")
    said = f"{null.rate:,.0f}/s, {null.micros():.1f} µs"
    yield Row("burst: null processor, out a second and CPU", said, "receives, republishes, stores nothing")
    yield Row("burst: rate against the null processor", f"{burst.rate / null.rate:.2f}", "≥ 0.7")


def _share_in_time(load: Measured, rate: int) -> str:
    return f"{load.rate:,.0f}/s came out" if load.rate < 0.95 * rate else "kept up"


def _null(site: MeasuredSite, messages: int) -> Measured:
    password = site.broker.passwords["~processor"]
    tool = site.tool(
        "benchmarks.path.null_processor",
        *("--port", str(site.broker.layout.components), "--username", "~processor", "--password", password),
    )
    try:
        measure(site, [tool.pid], WARM_UP, 2000, "null-warm-up", every=WARM_UP)
        return measure(site, [tool.pid], messages, 0, "null-burst", every=messages)
    finally:
        tool.end()


def fsync_delays(directory: Path) -> str:
    """Return the median and the 99th percentile of an appended and synced 4 KiB, in milliseconds."""
    took = []
    with (directory / "sync").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    took.sort()
    return f"{1000 * percentile(took, 50):.1f} / {1000 * percentile(took, 99):.1f} ms"


def default_limits(plan: Plan) -> Iterator[Row]:
    """Measure what a burst loses at the broker's default limits, and whether the broker counts it."""
    with plan.site(MEMORY_LIMIT) as site:
        processor = site.processor().start().await_ready()
        before = _dropped(site)
        load = measure(site, [processor.pid, site.store.pid], plan.burst, 0, "limits", every=plan.burst)
        time.sleep(2)
        said = f"{load.out:,} of {load.messages:,} out; the broker counts {_dropped(site) - before:,} dropped"
        yield Row(f"burst of {plan.burst:,}, queues of a pod with 128 MiB", said, "every drop counted")


def _dropped(site: MeasuredSite) -> int:
    return int(site.broker.retained(DROPPED).get(DROPPED, b"0"))
