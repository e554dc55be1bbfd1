"""The brokers that tests have started and not ended: their logs are printed with a test that failed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

SHOWN_LINES = 60


class Broker(Protocol):
    """What is printed of a broker."""

    @property
    def log(self) -> Path:
        """Its log."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        ...


RUNNING: dict[Path, Broker] = {}
"""By the directory of each."""


def last_words_of_brokers() -> Iterator[tuple[str, str]]:
    """Yield the name of each broker, and the last lines that it logged."""
    for directory, broker in sorted(RUNNING.items()):
        if broker.log.exists():
            lines = broker.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
            yield f"{directory.name} ({'runs' if broker.alive else 'does not run'})", "\n".join(lines)
