"""Processor, store and broker are killed, ended and stopped under load, in every combination of two.

Run by `make bench-crash`, or `python -m benchmarks.crash [--rounds 30] [--rate 5000] [--seed 1]`. Prints a
verdict and figures; the exit status is 1 if anything that was acknowledged is missing, or is there twice.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.crash.history import History
from benchmarks.crash.parts import Program
from benchmarks.crash.play import play, report
from benchmarks.crash.run import Options
from benchmarks.crash.script import Times, script
from tests.support.forkserver.client import SWITCH


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
        verdicts = play(Path(directory), Options(chosen.rate), rounds, history, lambda site: Program(site.store))
    return 0 if report("Failures under load", verdicts, history) else 1


if __name__ == "__main__":
    sys.exit(main())
