"""Readings come out in our units, within sense, and marked with time and device."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_readings.processing import process
from edge_wire.messages import Reading

NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)

CONVERTED: list[tuple[str, str, float, str, float, str]] = [
    ("boiling", "temperature", 212, "fahrenheit", 100.0, "celsius"),
    ("freezing", "temperature", 32, "Fahrenheit", 0.0, "celsius"),
    ("where both scales meet", "temperature", -40, "°F", -40.0, "celsius"),
    ("spelt with blanks", "temperature", 212, " FAHRENHEIT ", 100.0, "celsius"),
    *(
        (spelling, "oven", 212, spelling, 100.0, "celsius")
        for spelling in ("degrees fahrenheit", "degree fahrenheit", "℉", "degf", "deg f", "deg_f")
    ),
    ("a lone F of a temperature", "oil_temperature", 212, "F", 100.0, "celsius"),
    ("of a temperature in capitals", "OilTemp", 212, "F", 100.0, "celsius"),
    ("a lone F of a capacitor", "capacitance", 212, "F", 212.0, "F"),
    ("already celsius", "temperature", 21.5, "celsius", 21.5, "celsius"),
    ("bar", "pressure", 2.5, "bar", 250_000.0, "pascal"),
    ("Bar", "pressure", 1, "Bar", 100_000.0, "pascal"),
    ("bars", "pressure", 2, "bars", 200_000.0, "pascal"),
    ("a blank is no unit that is known", "pressure", 2, " ", 2.0, " "),
    ("millibar", "pressure", 2.5, "mbar", 2.5, "mbar"),
    ("unknown unit", "flow", 3, "l/min", 3.0, "l/min"),
    ("no unit", "temperature", 212, "", 212.0, ""),
    ("too humid", "humidity", 103.5, "percent", 100.0, "percent"),
    ("too dry", "Humidity", -2, "%", 0.0, "%"),
    ("humid within sense", "humidity", 55.5, "percent", 55.5, "percent"),
    ("conversion beyond every number", "pressure", 1e305, "bar", 1e305, "bar"),
    ("another one", "temperature", 1e308, "fahrenheit", 1e308, "fahrenheit"),
]


@pytest.mark.parametrize(
    ("sensor_type", "value", "unit", "expected", "expected_unit"),
    [case[1:] for case in CONVERTED],
    ids=[case[0] for case in CONVERTED],
)
def test_conversion(sensor_type: str, value: float, unit: str, expected: float, expected_unit: str) -> None:
    reading = process(Reading("pump-1", sensor_type, value, unit=unit), received_at=NOW, location="here").reading

    assert reading.value == pytest.approx(expected)
    assert reading.unit == expected_unit


def test_metadata_is_completed_and_the_rest_kept() -> None:
    reading = Reading(
        "pump-1", "flow", 1.0, timestamp=NOW, metadata={"a": 1}, session="s", seq=7, location="hall", extra={"x": 1}
    )

    processed = process(reading, received_at=NOW, location="here")

    assert processed.reading == Reading(
        "pump-1",
        "flow",
        1.0,
        timestamp=NOW,
        metadata={"a": 1, "processed_at": "2026-01-31T12:00:00.000Z", "processor": "edge-processor"},
        session="s",
        seq=7,
        location="hall",
        extra={"x": 1},
    )
    assert reading.metadata == {"a": 1}


def test_the_sites_location_stands_in_for_a_missing_one() -> None:
    assert process(Reading("pump-1", "flow", 1.0), received_at=NOW, location="here").reading.location == "here"


HOUR = dt.timedelta(hours=1)
SUSPECT: list[tuple[str, dt.datetime | None, bool]] = [
    ("now", NOW, False),
    ("an hour ahead", NOW + HOUR, False),
    ("more than an hour ahead", NOW + HOUR + dt.timedelta(seconds=1), True),
    ("years ahead", NOW + 9 * 365 * 24 * HOUR, True),
    ("years behind", NOW - 9 * 365 * 24 * HOUR, False),
    ("2000", dt.datetime(2000, 1, 1, tzinfo=dt.UTC), False),
    ("before 2000", dt.datetime(1999, 12, 31, 23, 59, 59, tzinfo=dt.UTC), True),
    ("none", None, True),
]


@pytest.mark.parametrize(("timestamp", "suspect"), [case[1:] for case in SUSPECT], ids=[case[0] for case in SUSPECT])
def test_a_clock_that_cannot_be_right_is_marked(timestamp: dt.datetime | None, suspect: bool) -> None:  # noqa: FBT001
    processed = process(Reading("pump-1", "flow", 1.0, timestamp=timestamp), received_at=NOW, location="here")

    assert processed.reading.metadata.get("time_suspect", False) is suspect
    assert processed.reading.timestamp == (timestamp or NOW)
    assert processed.measured_at == (NOW if suspect else timestamp)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["fahrenheit", "bar", "", "percent"]) | st.text(),
    st.sampled_from(["humidity", "temperature"]) | st.text(min_size=1),
    st.none() | st.datetimes(timezones=st.just(dt.UTC)),
)
def test_every_reading_has_a_result(value: float, unit: str, sensor_type: str, timestamp: dt.datetime | None) -> None:
    reading = Reading("pump-1", sensor_type, value, unit=unit, timestamp=timestamp)

    processed = process(reading, received_at=NOW, location="here")

    assert math.isfinite(processed.reading.value)
    assert processed.reading.timestamp is not None
