"""Shows how the devices are: drawn over itself on a terminal, each change a line elsewhere."""

import sys
from typing import TextIO

from e2e.cluster.steps import Steps

UP, CLEAR = "\x1b[{}A", "\x1b[J"
"""ECMA-48: CUU and ED."""


class LiveTable:
    """A table of devices.

    Args:
        steps: receives the changes if there is no terminal.
        stream: where the table goes.
    """

    def __init__(self, steps: Steps, stream: TextIO | None = None) -> None:
        self._steps = steps
        self._stream = stream or sys.stdout
        self._shown: dict[str, str] = {}
        self._lines = 0

    def begin(self) -> None:
        """Keep what is drawn: other output is below it now."""
        self._lines = 0

    def show(self, lives: dict[str, str]) -> None:
        """Show phase and reason of each device, if anything has changed."""
        if self._stream.isatty():
            if lives != self._shown or not self._lines:
                self._draw(lives)
        else:
            for name, life in lives.items():
                if self._shown.get(name) != life:
                    self._steps.say(f"EdgeDevice {name}: {life}")
        self._shown = dict(lives)

    def _draw(self, lives: dict[str, str]) -> None:
        if self._lines:
            self._stream.write(UP.format(self._lines) + CLEAR)
        self._lines = len(lives) + 1
        rows = [("NAME", "STATUS", "REASON"), *((name, *f"{life} ".split(" ", 1)) for name, life in lives.items())]
        wide = max(len(row[0]) for row in rows)
        self._stream.writelines(f"         {name:{wide}}  {status:8}  {reason}\n" for name, status, reason in rows)
        self._stream.flush()
