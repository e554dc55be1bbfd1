"""What a run of the benchmark measures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.path.site import MeasuredSite, measured_site

DEVICES = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured.

    Attributes:
        python: the interpreter of the programs.
        directory: below which all files are; None for a temporary directory.
        stored: number of readings of the filled store.
        burst: number of readings of a burst.
        seconds: length of each load with a rate.
        telegraf: the program; None if it is not measured.
        ekuiper: the same.
    """

    python: Path
    directory: Path | None
    stored: int
    burst: int
    seconds: float
    telegraf: Path | None = None
    ekuiper: Path | None = None

    @contextmanager
    def site(self, broker_bytes: int | None = None) -> Iterator[MeasuredSite]:
        """Yield a new site."""
        limit = {} if broker_bytes is None else {"broker_bytes": broker_bytes}
        with measured_site(self.python, self.directory, DEVICES, **limit) as site:
            yield site
