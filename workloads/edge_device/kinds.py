"""What simulated devices measure: kinds, units, and a walk that looks plausible. Pure."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

Convert = Callable[[float], float]


def _same(value: float) -> float:
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sensor; values in the unit that readings are stored with.

    Attributes:
        unit: the unit, and the default one to send in.
        usual: the value that values vary around, in the unit of `unit`.
        spread: the usual distance from it, in the unit of `unit`.
        units: how to convert a value to each unit that it can be sent in.
    """

    unit: str
    usual: float
    spread: float
    units: Mapping[str, Convert]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "temperature": Kind(
            "celsius", 22.0, 2.0, {"celsius": _same, "fahrenheit": lambda celsius: celsius * 9 / 5 + 32}
        ),
        "pressure": Kind("pascal", 101_325.0, 500.0, {"pascal": _same, "bar": lambda pascal: pascal / 100_000}),
        "humidity": Kind("percent", 45.0, 5.0, {"percent": _same}),
    }
)

_PULL = 0.05
"""Part of the way back to the usual value at each step."""

_STEP = 0.3
"""Size of a step, as a part of the spread."""

_DIGITS = 4


@dataclass(slots=True)
class Walk:
    """A random walk that is drawn back to the usual value.

    Attributes:
        kind: of the sensor.
        unit: to give values in.
        usual: the value to walk around, in the unit of the kind.
        chance: where the steps come from.
    """

    kind: Kind
    unit: str
    usual: float
    chance: random.Random
    _value: float | None = None

    def next(self) -> float:
        """Return the next value in `unit`."""
        value = self.usual if self._value is None else self._value
        value += (self.usual - value) * _PULL + self.chance.gauss(0, self.kind.spread * _STEP)
        self._value = value
        return round(self.kind.units[self.unit](value), _DIGITS)

    def move(self, usual: float) -> None:
        """Go to the value `usual`, in the unit of the kind, and walk around it."""
        self.usual = usual
        self._value = usual
