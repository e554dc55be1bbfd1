"""What a run of the forwarding benchmark measures."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.forward.far_ends import FarEnd, far_ends
from benchmarks.path.site import MeasuredSite, measured_site

DEVICES = 50
SYNC_INTERVAL = "300s"
"""The default of the operator: the longest pause between two attempts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured.

    Attributes:
        python: the interpreter of the programs.
        directory: below which all files are; None for a temporary directory.
        backlog: number of readings of the backlog.
        rate: of live readings, a second.
        seconds: length of each load with a rate.
    """

    python: Path
    directory: Path | None
    backlog: int
    rate: float
    seconds: float

    @contextmanager
    def site(self, sinks: Iterable[str]) -> Iterator[tuple[MeasuredSite, list[FarEnd]]]:
        """Yield a site and the far ends of its sinks, which take no connections yet."""
        with measured_site(self.python, self.directory, DEVICES) as site, far_ends(sinks, site.directory) as ends:
            yield site, ends


def settings_of(ends: Iterable[FarEnd]) -> Mapping[str, str]:
    """Return the settings of a processor with these sinks."""
    found = {"EDGE_NAMESPACE": "plants", "EDGE_SITE": "plant-1", "SYNC_INTERVAL": SYNC_INTERVAL}
    for end in ends:
        found |= end.settings()
    return found
