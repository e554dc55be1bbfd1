"""G5: the short form of `make bench-crash`: two parts fail at once, under load, and what is owed is checked."""

import random
from pathlib import Path

from benchmarks.crash.evidence import Fault
from benchmarks.crash.history import History
from benchmarks.crash.parts import Program
from benchmarks.crash.run import Options, Run
from benchmarks.crash.script import SHORT, Kind, Target, timed
from tests.edge_processor.site import Site

ASSERTED = frozenset(Fault)
"""What must not happen."""

SEED = 11
RATE = 800.0
"""Readings a second of all devices."""

ROUNDS = (
    ((Target.PROCESSOR, Kind.KILL), (Target.STORE, Kind.KILL)),
    ((Target.PROCESSOR, Kind.STOP), (Target.STORE, Kind.TERM)),
    ((Target.PROCESSOR, Kind.TERM), (Target.BROKER, Kind.TERM)),
)


def test_g5_two_parts_fail_at_once(site: Site, tmp_path: Path) -> None:
    dice, history = random.Random(SEED), History(tmp_path / "history.jsonl")
    site.store.await_ready()
    with Run(site, Options(RATE), history, Program(site.store)).started() as run:
        verdicts = [run.play(number, timed(each, SHORT, dice)) for number, each in enumerate(ROUNDS)]
    readings = [entry["readings"] for entry in history.entries() if "readings" in entry]
    assert min(readings) > RATE / 2, "the load has failed"
    found = [violation for verdict in verdicts for violation in verdict.violations if violation.fault in ASSERTED]
    assert found == [], history.path.read_text()
