"""Unit conversions, and limits of values."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from edge_wire.messages import Reading

_CELSIUS = "celsius"
_PASCAL = "pascal"
_PASCAL_PER_BAR = 100_000
_FAHRENHEIT = frozenset({"fahrenheit", "degrees fahrenheit", "degree fahrenheit", "°f", "℉", "degf", "deg f", "deg_f"})
_BAR = frozenset({"bar", "bars"})
_HUMIDITY = "humidity"
_MAX_HUMIDITY = 100.0


@dataclass(frozen=True, slots=True)
class Conversion:
    """What happens to the values of one sensor type in one unit.

    Attributes:
        convert: to the stored unit, which may overflow; None if the unit is stored as it is.
        unit: the stored unit.
        is_humidity: whether the value is limited to 0 to 100.
    """

    convert: Callable[[float], float] | None
    unit: str
    is_humidity: bool


def conversion(sensor_type: str, unit: str) -> Conversion:
    """Return the conversion of values of `sensor_type` in `unit`, as the device spelt it."""
    is_humidity = sensor_type.lower() == _HUMIDITY
    spelt = unit.strip().lower()
    # A lone F is also the farad.
    if spelt in _FAHRENHEIT or (spelt == "f" and "temp" in sensor_type.lower()):
        return Conversion(_celsius, _CELSIUS, is_humidity)
    if spelt in _BAR:
        return Conversion(_pascal, _PASCAL, is_humidity)
    return Conversion(None, unit, is_humidity)


def converted(reading: Reading) -> tuple[float, str]:
    """Return the value and the unit that `reading` is stored with.

    A value stays as the device sent it if the conversion would overflow.
    """
    how = conversion(reading.sensor_type, reading.unit)
    value, unit = reading.value, reading.unit
    if how.convert is not None:
        in_our_unit = how.convert(value)
        if math.isfinite(in_our_unit):
            value, unit = in_our_unit, how.unit
    return clamped(value) if how.is_humidity else value, unit


def clamped(humidity: float) -> float:
    """Return `humidity`, limited to 0 to 100 percent."""
    return min(max(humidity, 0.0), _MAX_HUMIDITY)


def _celsius(fahrenheit: float) -> float:
    return (fahrenheit - 32) * 5 / 9


def _pascal(bar: float) -> float:
    return bar * _PASCAL_PER_BAR
