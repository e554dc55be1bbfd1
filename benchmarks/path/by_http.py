"""Rows of readings by HTTP, through gateway and store."""

from collections.abc import Iterator

from benchmarks.path.figures import MIB, Spent, percentile, resident_bytes, wait_until_quiet
from benchmarks.path.plan import Plan
from benchmarks.path.site import MeasuredSite
from benchmarks.table import Row
from tests.edge_gateway.gateways import TOKEN
from tests.edge_service.process import ServiceProcess


def http(plan: Plan) -> Iterator[Row]:
    """Measure single readings and arrays of 100 over HTTP."""
    with plan.site() as site:
        site.processor().start().await_ready()
        gateway = site.gateway().start().await_ready()
        pids = [gateway.pid, site.store.pid]
        yield Row("idle RSS: gateway", f"{resident_bytes(gateway.pid) / MIB:.0f} MiB", "")
        _post(site, gateway, 50, 200, 1, "warm-up")
        took, figures, spent = _post(site, gateway, 50, 3000, 1, "single")
        p50, p99 = (1000 * percentile(figures, percent) for percent in (50, 99))
        aim = "≥ 2,000/s (was 375 to 512)"
        yield Row("single POST, 50 connections", f"{3000 / took:,.0f}/s; {p50:.0f} / {p99:.0f} ms", aim)
        yield Row("single POST: CPU gateway + store", _parts(spent, 3000), "was 1,092 + 775")
        took, _, spent = _post(site, gateway, 8, 400, 100, "array")
        yield Row("array of 100: CPU a reading, gateway + store", _parts(spent, 40_000), "≤ 30 µs (was 151)")
        yield Row("array of 100, 8 connections", f"{40_000 / took:,.0f} readings/s", "was 3,800 to 6,800")
        wait_until_quiet(pids)


def _post(
    site: MeasuredSite, gateway: ServiceProcess, connections: int, requests: int, readings: int, session: str
) -> tuple[float, list[float], list[Spent]]:
    """Send requests; return the seconds, those of each request, and what gateway and store have used."""
    tool = site.tool(
        "benchmarks.path.http_load",
        *("--port", str(gateway.port), "--connections", str(connections), "--requests", str(requests)),
        *("--readings", str(readings), "--token", TOKEN, "--session", session),
    )
    pids = [gateway.pid, site.store.pid]
    before = [Spent.of([pid]) for pid in pids]
    tool.go()
    figures = tool.figures()
    # The gateway may still publish: that belongs to the readings.
    wait_until_quiet(pids)
    spent = [Spent.of([pid]).since(was) for pid, was in zip(pids, before, strict=True)]
    seconds, took = figures["seconds"], figures["took"]
    assert isinstance(took, list)
    assert isinstance(seconds, float)
    return seconds, took, spent


def _parts(spent: list[Spent], readings: int) -> str:
    each = [1e6 * one.cpu_seconds / readings for one in spent]
    return f"{sum(each):,.0f} µs ({each[0]:,.0f} + {each[1]:,.0f})"
