"""Unit conversions, and limits of values."""

import math
from collections.abc import Callable

from edge_wire.messages import Reading

_CELSIUS = "celsius"
_PASCAL = "pascal"
_PASCAL_PER_BAR = 100_000
_FAHRENHEIT = frozenset({"fahrenheit", "degrees fahrenheit", "degree fahrenheit", "°f", "℉", "degf", "deg f", "deg_f"})
_BAR = frozenset({"bar", "bars"})
_HUMIDITY = "humidity"
_MAX_HUMIDITY = 100.0


def converted(reading: Reading) -> tuple[float, str]:
    """Return the value and the unit that `reading` is stored with.

    A value stays as the device sent it if the conversion would overflow.
    """
    value, unit = _in_our_unit(reading)
    if reading.sensor_type.lower() == _HUMIDITY:
        value = min(max(value, 0.0), _MAX_HUMIDITY)
    return value, unit


def _in_our_unit(reading: Reading) -> tuple[float, str]:
    if not reading.unit:
        return reading.value, ""
    spelt = reading.unit.strip().lower()
    if spelt in _FAHRENHEIT or (spelt == "f" and _is_temperature(reading)):
        return _if_finite(reading, _celsius, _CELSIUS)
    if spelt in _BAR:
        return _if_finite(reading, _pascal, _PASCAL)
    return reading.value, reading.unit


def _is_temperature(reading: Reading) -> bool:
    # A lone F is also the farad.
    return "temp" in reading.sensor_type.lower()


def _if_finite(reading: Reading, convert: Callable[[float], float], unit: str) -> tuple[float, str]:
    value = convert(reading.value)
    return (value, unit) if math.isfinite(value) else (reading.value, reading.unit)


def _celsius(fahrenheit: float) -> float:
    return (fahrenheit - 32) * 5 / 9


def _pascal(bar: float) -> float:
    return bar * _PASCAL_PER_BAR
