"""Another program beside processor and store: the same loads, converted and republished, stored nowhere."""

from collections.abc import Iterator

from benchmarks.path.mqtt_load import Measured, measure
from benchmarks.path.plan import Plan
from benchmarks.path.site import MeasuredSite
from benchmarks.table import Row

WARM_UP = 5000
RATES = (3000, 1000)


def peer_rows(name: str, plan: Plan, site: MeasuredSite, pid: int) -> Iterator[Row]:
    """Measure a running program.

    Args:
        name: of the program.
        plan: what is measured.
        site: has the broker that it reads from and publishes to.
        pid: of the program.
    """
    measure(site, [pid], WARM_UP, 2000, f"{name}-warm-up", every=WARM_UP)
    loads = {rate: _measured(name, site, pid, int(rate * plan.seconds), rate) for rate in RATES}
    burst = _measured(name, site, pid, plan.burst, 0)
    yield Row(f"{name}: burst of {burst.messages:,}, CPU a reading", _said(burst), "5 times ours; durable: no")
    yield Row(f"{name}: burst, out a second", f"{burst.rate:,.0f}/s", "a third of ours")
    for rate, load in loads.items():
        yield Row(f"{name}: CPU a reading at {rate:,}/s", _said(load), "5 times ours")


def _measured(name: str, site: MeasuredSite, pid: int, messages: int, rate: float) -> Measured:
    return measure(site, [pid], messages, rate, f"{name}-{rate:g}", every=messages)


def _said(load: Measured) -> str:
    missing = f"; {load.messages - load.out:,} not out" if load.out < load.messages else ""
    return f"{load.micros():.1f} µs{missing}"
