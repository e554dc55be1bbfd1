"""Settings that are given as Go durations (`300s`, `1h30m`, `250ms`)."""

from typing import Annotated

from pydantic import BeforeValidator

from edge_wire.goduration import parse_duration


def _seconds(value: object) -> object:
    return parse_duration(value.strip()) if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""The type of a setting that is given as a Go duration and is used in seconds."""
