"""Rows of a store with millions of readings."""

from collections.abc import Iterator

from benchmarks.path.figures import percentile
from benchmarks.path.plan import Plan
from benchmarks.path.stored import fill, hour_of_device, newest, restart
from benchmarks.table import Row


def stored(plan: Plan) -> Iterator[Row]:
    """Measure a store with many readings."""
    with plan.site() as site:
        filled = fill(site, plan.stored)
        millions = f"{filled.readings / 1e6:g} million"
        each = 1e6 * filled.spent.cpu_seconds / filled.readings
        said = f"{each:.1f} µs, {filled.spent.written_bytes / filled.readings:,.0f} B written"
        yield Row(f"filling with {millions}, 1,000 a request: a reading", said, "")
        yield Row(f"bytes at rest a reading, {millions}", f"{filled.disk / filled.readings:.0f}", "≤ 80 (was 417)")
        yield Row(f"start with {millions}", f"{restart(site):.2f} s", "≤ 2 s (was 0.81 with 5 million)")
        took, way = hour_of_device(site, filled)
        said = f"{1000 * took:,.0f} ms, {way}"
        yield Row(f"72,000 readings of a device among {millions}", said, "≤ 150 ms (was 6,750)")
        again, _ = hour_of_device(site, filled)
        yield Row("the same again", f"{1000 * again:,.0f} ms", "")
        times = newest(site)
        said = f"{1000 * percentile(times, 50):.1f} ms (slowest {1000 * times[-1]:.1f})"
        yield Row("newest 100 of a device", said, "≤ 5 ms (was 2.4)")
