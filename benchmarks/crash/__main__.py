"""Processor, store and broker are killed, ended and stopped under load, in every combination of two.

Run by `make bench-crash`, or `python -m benchmarks.crash [--rounds 30] [--rate 5000] [--seed 1]`. Prints a
verdict and figures; the exit status is 1 if anything that was acknowledged is missing, or is there twice.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.crash.evidence import Fault, Verdict
from benchmarks.crash.history import History
from benchmarks.crash.parts import Program
from benchmarks.crash.run import Options, Run
from benchmarks.crash.script import Round, Times, script
from benchmarks.table import Row, print_table
from e2e.mosquitto.build import ensure_mosquitto
from edge_operator.api.broker import BrokerClient
from tests.edge_processor.site import Site
from tests.support.forkserver.client import SWITCH
from tests.support.mosquitto import MosquittoFactory

DEVICES = [f"d{number}" for number in range(1, 21)]
CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#", "alerts/+"])]
BROKER_BYTES = 1 << 30
"""Memory limit of the broker from which its queues are computed: 20 s without an ingester must fit."""


def play(directory: Path, options: Options, rounds: list[Round], history: History) -> list[Verdict]:
    """Play rounds on a site of their own; return their judgements."""
    factory = MosquittoFactory(ensure_mosquitto() / "bin", directory)
    verdicts = []
    try:
        site = Site(factory(DEVICES, CLIENTS, BROKER_BYTES), directory)
        try:
            site.store.start().await_ready()
            with Run(site, options, history, Program(site.store)).started() as run:
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


def report(verdicts: list[Verdict], history: History) -> bool:
    """Print the figures; return whether nothing was wrong."""
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
    print_table("Failures under load", rows)
    is_right = not counts.total()
    print(f"\nverdict: {'nothing lost, nothing twice' if is_right else 'FAILED'}; history: {history.path}")
    return is_right


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--rate", type=float, default=5000.0, help="readings a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stopped", type=float, nargs=2, default=(5.0, 20.0), help="seconds of a SIGSTOP, from and to")
    parser.add_argument("--history", type=Path, default=Path(tempfile.gettempdir()) / "edge-crash-history.jsonl")
    chosen = parser.parse_args()
    # A process that is forked from another one that runs is not the program as it is.
    os.environ[SWITCH] = "0"
    chosen.history.unlink(missing_ok=True)
    history = History(chosen.history)
    rounds = script(chosen.seed, chosen.rounds, Times(stopped=tuple(chosen.stopped)))
    with tempfile.TemporaryDirectory(prefix="edge-crash-") as directory:
        verdicts = play(Path(directory), Options(chosen.rate), rounds, history)
    return 0 if report(verdicts, history) else 1


if __name__ == "__main__":
    sys.exit(main())
