"""Carries out the failures of a round, side by side, each step at its time."""

import heapq
import itertools
import time
from collections.abc import Callable, Iterator

from benchmarks.crash.history import History
from benchmarks.crash.parts import Part, fail
from benchmarks.crash.script import Action, Round, Target


def carry_out(round_: Round, part_of: Callable[[Target], Part], history: History) -> None:
    """Make parts fail as a round says, and return when all have been started again."""
    begun, order = time.monotonic(), itertools.count()
    # The number keeps steps of the same moment apart: generators cannot be compared.
    steps = [(action.at, next(order), _steps(action, part_of, history)) for action in round_]
    heapq.heapify(steps)
    while steps:
        at, _, step = heapq.heappop(steps)
        time.sleep(max(0.0, begun + at - time.monotonic()))
        pause = next(step, None)
        if pause is not None:
            heapq.heappush(steps, (time.monotonic() - begun + pause, next(order), step))


def _steps(action: Action, part_of: Callable[[Target], Part], history: History) -> Iterator[float]:
    part = part_of(action.target)
    history.add(str(action.kind), part=part.name, lasts_seconds=round(action.lasts, 3))
    yield from fail(part, action)
    history.add("runs again", part=part.name)
