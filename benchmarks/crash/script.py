"""What happens in a round: which parts fail, how and when; pure, and the same for the same seed."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """A part of the site."""

    PROCESSOR = "processor"
    """The replica that is the ingester at that moment."""

    STANDBY = "standby"
    """The other replica."""

    STORE = "store"
    BROKER = "broker"
    CLOUD = "cloud"
    """The receiver at the far end."""

    KAFKA = "kafka"
    LINK = "link"
    """The link to the cloud and to Kafka."""


class Kind(StrEnum):
    """How a part fails."""

    KILL = "kill -9"
    TERM = "SIGTERM"
    """An orderly end, as that of a deleted pod."""

    STOP = "SIGSTOP"
    """It is stopped, and resumed later."""

    CUT = "power cut"
    """Killed, and what it has not synced is lost; for a store that runs on the layer of benchmarks.power_cut."""

    REFUSED = "refused"
    BLACK_HOLE = "black hole"
    HALF_OPEN = "half-open"
    LOSS = "1 % loss"
    DELAY = "500 ms delay"
    NO_NAMES = "no names"
    OTHER_CERTIFICATE = "other certificate"


LINK_KINDS = (
    Kind.REFUSED,
    Kind.BLACK_HOLE,
    Kind.HALF_OPEN,
    Kind.LOSS,
    Kind.DELAY,
    Kind.NO_NAMES,
    Kind.OTHER_CERTIFICATE,
)
"""How a link fails: the states of tests.support.link."""

PAUSES = frozenset({Kind.STOP, *LINK_KINDS})
"""Failures with an end of their own: nothing is started again."""


@dataclass(frozen=True, slots=True)
class Action:
    """A failure.

    Attributes:
        target: which part fails.
        kind: how it fails.
        at: moment after the start of the round, in seconds.
        lasts: time until the part is started again or resumed, in seconds.
    """

    target: Target
    kind: Kind
    at: float
    lasts: float


Round = tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """Limits of random times; all times are in seconds.

    Attributes:
        before: until the first failure of a round.
        apart: between the failures of a round.
        restart: until a part that has ended is started again.
        stopped: for which a stopped part does nothing.
        disturbed: for which the link is disturbed.
    """

    before: tuple[float, float] = (1.0, 4.0)
    apart: tuple[float, float] = (0.0, 1.5)
    restart: tuple[float, float] = (0.0, 2.0)
    stopped: tuple[float, float] = (5.0, 20.0)
    disturbed: tuple[float, float] = (5.0, 15.0)

    def of(self, kind: Kind) -> tuple[float, float]:
        """Return how long a failure lasts, from and to."""
        if kind is Kind.STOP:
            return self.stopped
        return self.disturbed if kind in LINK_KINDS else self.restart


SHORT = Times(before=(0.5, 1.5), apart=(0.0, 0.5), restart=(0.0, 0.5), stopped=(2.5, 4.0), disturbed=(2.0, 3.0))
"""For a test."""

_KINDS = (Kind.KILL, Kind.TERM, Kind.STOP)
_PAIRS = (
    (Target.PROCESSOR, Target.STORE),
    (Target.PROCESSOR, Target.BROKER),
    (Target.STORE, Target.BROKER),
)
_MORE: Sequence[tuple[tuple[Target, Kind], ...]] = (
    ((Target.PROCESSOR, Kind.KILL), (Target.STANDBY, Kind.KILL)),
    ((Target.PROCESSOR, Kind.STOP), (Target.STANDBY, Kind.KILL)),
    ((Target.PROCESSOR, Kind.KILL), (Target.STORE, Kind.KILL), (Target.BROKER, Kind.KILL)),
)
MATRIX: tuple[tuple[tuple[Target, Kind], ...], ...] = (
    *(((first, one), (second, other)) for first, second in _PAIRS for one, other in itertools.product(_KINDS, _KINDS)),
    *_MORE,
)
"""Each combination of two parts and two ways to fail, and both replicas, and all at once: 30 rounds."""


def script(seed: int, rounds: int, times: Times) -> list[Round]:
    """Return the rounds of a run: all combinations in random order, again and again.

    Args:
        seed: of the random numbers.
        rounds: how many there are.
        times: limits of the random times.
    """
    dice = random.Random(seed)
    made: list[Round] = []
    while len(made) < rounds:
        made += [timed(combination, times, dice) for combination in dice.sample(MATRIX, len(MATRIX))]
    return made[:rounds]


def timed(combination: Sequence[tuple[Target, Kind]], times: Times, dice: random.Random) -> Round:
    """Return a round with random times, its failures in random order."""
    at = dice.uniform(*times.before)
    actions = []
    for target, kind in dice.sample(combination, len(combination)):
        actions.append(Action(target, kind, at, dice.uniform(*times.of(kind))))
        at += dice.uniform(*times.apart)
    return tuple(actions)


def sink_script(seed: int, rounds: int, times: Times, sinks: Sequence[Target]) -> list[Round]:
    """Return the rounds of a run with sinks: in each eight of them the link fails in each way, and the sinks fail.

    Args:
        seed: of the random numbers.
        rounds: how many there are.
        times: limits of the random times.
        sinks: those that the site has.
    """
    dice = random.Random(seed)
    others = (Target.PROCESSOR, Target.STORE, Target.BROKER, *sinks)
    made: list[Round] = []
    while len(made) < rounds:
        drawn: list[tuple[tuple[Target, Kind], ...]] = [
            ((Target.LINK, kind), (dice.choice(others), dice.choice(_KINDS))) for kind in LINK_KINDS
        ]
        drawn.append(tuple((sink, dice.choice(_KINDS)) for sink in (Target.PROCESSOR, *sinks)))
        made += [timed(each, times, dice) for each in dice.sample(drawn, len(drawn))]
    return made[:rounds]
