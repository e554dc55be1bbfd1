"""Settings that are given as Go durations (`300s`, `1h30m`, `250ms`)."""

from typing import Annotated

from pydantic import BeforeValidator

from edge_wire.goduration import parse_duration


def _seconds(value: object) -> object:
    return parse_duration(value.strip()) if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""Type of a setting that is written as a Go duration; the value is in seconds."""
