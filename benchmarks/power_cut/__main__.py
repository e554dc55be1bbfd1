"""Power cuts of the store under load, of the whole path: what it has not synced is lost, in part or whole.

Run by `make bench-crash`, or `python -m benchmarks.power_cut [--rounds 10] [--cuts 4] [--rate 2000]`. Prints a
verdict and figures; the exit status is 1 if anything that was acknowledged is missing, or is there twice.
"""

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crash.history import History
from benchmarks.crash.parts import Part, Program
from benchmarks.crash.play import play, report
from benchmarks.crash.run import Options
from benchmarks.crash.script import Action, Kind, Round, Target
from benchmarks.power_cut.layer import Layer, compiled
from tests.edge_processor.site import Site
from tests.support.forkserver.client import SWITCH

APART_SECONDS = (1.0, 5.0)
"""Between the start of a store and its next cut: some cuts come while it starts."""

RESTART_SECONDS = 0.2


@dataclass(frozen=True)
class CutStore(Program):
    """A store that loses what it has not synced when it ends.

    Attributes:
        layer: under its directory.
        history: where cuts are written.
    """

    layer: Layer
    history: History

    def start(self) -> None:
        """Start it with what is on its disk."""
        self.process.kill()
        self.history.add("lost its unsynced writes", operations=self.layer.cut())
        self.process.start()


def cuts(seed: int, rounds: int, count: int) -> list[Round]:
    """Return rounds with `count` cuts each; in every second round the ingester is killed at a cut."""
    dice, made = random.Random(seed), []
    for number in range(rounds):
        at, actions = 0.0, []
        for _ in range(count):
            at += dice.uniform(*APART_SECONDS)
            actions.append(Action(Target.STORE, Kind.CUT, at, RESTART_SECONDS))
            at += RESTART_SECONDS
        if number % 2:
            actions.append(Action(Target.PROCESSOR, Kind.KILL, dice.choice(actions).at, RESTART_SECONDS))
        made.append(tuple(actions))
    return made


def on_layer(directory: Path, seed: int, history: History) -> Callable[[Site], Part]:
    """Return what puts the store of a site onto the layer."""
    library = compiled(directory)

    def put(site: Site) -> Part:
        layer = Layer(site.directory / "data", directory / "journal", library, random.Random(seed))
        site.store.environment = {**site.store.environment, **layer.environment}
        return CutStore(site.store, layer, history)

    return put


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.power_cut", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--cuts", type=int, default=4, help="power cuts in a round")
    parser.add_argument("--rate", type=float, default=2000.0, help="readings a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--history", type=Path, default=Path(tempfile.gettempdir()) / "edge-power-cut-history.jsonl")
    chosen = parser.parse_args()
    # The recorder is loaded when an interpreter starts: a forked program would not have it.
    os.environ[SWITCH] = "0"
    chosen.history.unlink(missing_ok=True)
    history = History(chosen.history)
    rounds = cuts(chosen.seed, chosen.rounds, chosen.cuts)
    with tempfile.TemporaryDirectory(prefix="edge-power-cut-") as name:
        directory = Path(name)
        store_of = on_layer(directory, chosen.seed, history)
        verdicts = play(directory, Options(chosen.rate), rounds, history, store_of)
    return 0 if report("Power cuts of the store under load", verdicts, history) else 1


if __name__ == "__main__":
    sys.exit(main())
