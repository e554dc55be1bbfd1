"""The parts of a site as targets of failures: how each is killed, ended, stopped and started again."""

from collections.abc import Iterator
from dataclasses import dataclass
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals
from typing import Protocol

from benchmarks.crash.script import PAUSES, Action, Kind
from tests.edge_service.process import ServiceProcess
from tests.support.link import Link, State

POLL_SECONDS = 0.02


class Part(Protocol):
    """One part."""

    @property
    def name(self) -> str:
        """Its name, for the history."""

    def send(self, kind: Kind) -> None:
        """Make it fail."""

    def has_ended(self) -> bool:
        """Return whether its process has ended."""

    def start(self) -> None:
        """Start it again; returns at once."""

    def resume(self) -> None:
        """Let it continue after a stop."""


@dataclass(frozen=True)
class Program:
    """A processor or a store.

    Attributes:
        process: it.
    """

    process: ServiceProcess

    @property
    def name(self) -> str:
        """Its name."""
        return self.process.name

    def send(self, kind: Kind) -> None:
        """Make it fail."""
        self.process.signal({Kind.KILL: SIGKILL, Kind.TERM: SIGTERM, Kind.STOP: SIGSTOP, Kind.CUT: SIGKILL}[kind])

    def has_ended(self) -> bool:
        """Return whether its process has ended."""
        return self.process.process is None or self.process.process.poll() is not None

    def start(self) -> None:
        """Start it again."""
        self.process.kill()
        self.process.start()

    def resume(self) -> None:
        """Let it continue."""
        self.process.signal(SIGCONT)


class Daemon(Protocol):
    """A program that is kept by its directory: Mosquitto or Kafka."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    def signal(self, number: Signals, /) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """End it by kill -9."""

    def launch(self) -> None:
        """Start it; returns at once."""


@dataclass(frozen=True)
class KeptDaemon:
    """The broker or Kafka.

    Attributes:
        daemon: it.
        name: for the history.
    """

    daemon: Daemon
    name: str

    def send(self, kind: Kind) -> None:
        """Make it fail."""
        self.daemon.signal({Kind.KILL: SIGKILL, Kind.TERM: SIGTERM, Kind.STOP: SIGSTOP, Kind.CUT: SIGKILL}[kind])

    def has_ended(self) -> bool:
        """Return whether its process has ended."""
        return not self.daemon.alive

    def start(self) -> None:
        """Start it again."""
        self.daemon.kill()
        self.daemon.launch()

    def resume(self) -> None:
        """Let it continue."""
        self.daemon.signal(SIGCONT)


@dataclass(frozen=True)
class Wire:
    """The link to the sinks.

    Attributes:
        link: it.
    """

    link: Link
    name = "link"

    def send(self, kind: Kind) -> None:
        """Make it fail."""
        self.link.enter(State(kind))

    def has_ended(self) -> bool:
        """Return False: a link has no process of its own that ends."""
        return False

    def start(self) -> None:
        """Have it up again."""
        self.link.enter(State.UP)

    def resume(self) -> None:
        """Have it up again."""
        self.link.enter(State.UP)


def fail(part: Part, action: Action) -> Iterator[float]:
    """Make a part fail and start it again, step by step; yields how long to wait before the next step, in seconds."""
    part.send(action.kind)
    if action.kind in PAUSES:
        yield action.lasts
        part.resume()
        return
    while not part.has_ended():
        yield POLL_SECONDS
    yield action.lasts
    part.start()
