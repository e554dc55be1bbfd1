"""Plays rounds on a site of its own, and prints their verdict and figures."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.crash.evidence import Fault, Verdict
from benchmarks.crash.history import History
from benchmarks.crash.parts import Part
from benchmarks.crash.run import Options, Run
from benchmarks.crash.script import Round
from benchmarks.crash.sinks.far_end import Sinks
from benchmarks.table import Row, print_table
from e2e.mosquitto.build import ensure_mosquitto
from edge_operator.api.broker import BrokerClient
from tests.edge_processor.site import Site
from tests.support.mosquitto import MosquittoFactory

DEVICES = [f"d{number}" for number in range(1, 21)]
CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#", "alerts/+"])]
BROKER_BYTES = 1 << 30
"""Memory limit of the broker from which its queues are computed: 20 s without an ingester must fit."""


def play(
    directory: Path,
    options: Options,
    rounds: list[Round],
    history: History,
    store_of: Callable[[Site], Part],
    sinks: Sinks | None = None,
) -> list[Verdict]:
    """Play rounds on a site of their own; return their judgements.

    Args:
        directory: of all files.
        options: how the rounds are played.
        rounds: what fails.
        history: where events are written.
        store_of: returns the store of a site as a part, before it is started.
        sinks: the far end of the site, which runs; None if it has none.
    """
    factory = MosquittoFactory(ensure_mosquitto() / "bin", directory)
    verdicts = []
    try:
        site = Site(factory(DEVICES, CLIENTS, BROKER_BYTES), directory)
        try:
            store = store_of(site)
            site.store.start().await_ready()
            with Run(site, options, history, store, sinks).started() as run:
                for number, round_ in enumerate(rounds):
                    verdicts.append(run.play(number, round_))
                    _say(number, round_, verdicts[-1])
        finally:
            site.end()
    finally:
        factory.end_all()
    return verdicts


def _say(number: int, round_: Round, verdict: Verdict) -> None:
    what = " and ".join(f"{each.kind} of {each.target}" for each in round_)
    wrong = "; ".join(f"{each.count} times {each.fault} ({each.example})" for each in verdict.violations)
    lost = f"; the broker lost {verdict.lost_by_broker} + {verdict.unsent_by_broker}" if verdict.lost_by_broker else ""
    print(f"round {number}: {what}: {wrong or 'nothing lost'}{lost}", file=sys.stderr, flush=True)


def report(title: str, verdicts: list[Verdict], history: History) -> bool:
    """Print the figures under a title; return whether nothing was wrong."""
    counts = Counter[Fault]()
    for verdict in verdicts:
        counts.update({each.fault: each.count for each in verdict.violations})
    entries = history.entries()
    acknowledged = sum(each.get("readings", 0) for each in entries)
    stored = sum(each.get("stored", 0) for each in entries)
    rows = [
        Row("rounds", str(len(verdicts)), ""),
        Row("readings that the broker acknowledged", f"{acknowledged:,}", ""),
        Row("readings that were stored", f"{stored:,}", ""),
        Row("readings that a killed broker lost", f"{sum(each.lost_by_broker for each in verdicts):,}", ""),
        Row("stored, and not sent on by a killed broker", f"{sum(each.unsent_by_broker for each in verdicts):,}", ""),
        Row("readings that came out again", f"{sum(each.repeats for each in verdicts):,}", ""),
        *(Row(str(fault), f"{counts[fault]:,}", "0") for fault in Fault),
    ]
    print_table(title, rows)
    is_right = not counts.total()
    print(f"\nverdict: {'nothing lost, nothing twice' if is_right else 'FAILED'}; history: {history.path}")
    return is_right
