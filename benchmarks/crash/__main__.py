"""Processor, store and broker are killed, ended and stopped under load, in every combination of two.

Run by `make bench-crash`, or `python -m benchmarks.crash [--rounds 30] [--rate 5000] [--seed 1] [--sinks cloud,kafka]`.
With sinks, they and the link to them fail too. Prints a verdict and figures; the exit status is 1 if anything that was
acknowledged is missing, or is there twice.
"""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.crash.history import History
from benchmarks.crash.parts import Program
from benchmarks.crash.play import play, report
from benchmarks.crash.run import Options
from benchmarks.crash.script import Target, Times, script, sink_script
from benchmarks.crash.sinks.far_end import started_sinks
from tests.support.forkserver.client import SWITCH


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--rate", type=float, default=5000.0, help="readings a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stopped", type=float, nargs=2, default=(5.0, 20.0), help="seconds of a SIGSTOP, from and to")
    parser.add_argument("--sinks", default="", help="`cloud`, `kafka` or both, by comma; needs root")
    parser.add_argument("--disturbed", type=float, nargs=2, default=(5.0, 15.0), help="seconds, from and to, of a link")
    parser.add_argument("--history", type=Path, default=Path(tempfile.gettempdir()) / "edge-crash-history.jsonl")
    chosen = parser.parse_args()
    # A process that is forked from another one that runs is not the program as it is.
    os.environ[SWITCH] = "0"
    chosen.history.unlink(missing_ok=True)
    history = History(chosen.history)
    times = Times(stopped=tuple(chosen.stopped), disturbed=tuple(chosen.disturbed))
    targets = [Target(name) for name in chosen.sinks.split(",") if name]
    with tempfile.TemporaryDirectory(prefix="edge-crash-") as directory, ExitStack() as ending:
        here = Path(directory)
        sinks = ending.enter_context(started_sinks(here / "far", targets)) if targets else None
        played = (
            sink_script(chosen.seed, chosen.rounds, times, targets)
            if targets
            else script(chosen.seed, chosen.rounds, times)
        )
        verdicts = play(here, Options(chosen.rate), played, history, lambda site: Program(site.store), sinks)
    return 0 if report("Failures under load", verdicts, history) else 1


if __name__ == "__main__":
    sys.exit(main())
