"""A progress line for a build that takes minutes."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, TextIO

TERMINAL_SECONDS = 1.0
PLAIN_SECONDS = 20.0


@dataclass
class Progress:
    """Says what a build is doing: a line that is rewritten on a terminal, else a line every 20 s."""

    out: TextIO
    now: Callable[[], float] = time.monotonic
    total: int = 0
    done: int = 0
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.now()

    def expect(self, packages: int) -> None:
        """How many packages there are to compile from now on."""
        self.total, self.done = packages, 0

    def say(self, message: str) -> None:
        """Print a permanent line."""
        clear = "\r\x1b[K" if self.out.isatty() else ""
        print(f"{clear}{message}", file=self.out, flush=True)

    def line(self, doing: str) -> str:
        """What is being done, how far it is, and the time since the beginning."""
        minutes, seconds = divmod(int(self.now() - self._began), 60)
        done = min(self.done, self.total)
        share = (
            f"{done} of {self.total} packages ({100 * done // self.total} %)" if self.total else f"{self.done} so far"
        )
        return f"  {doing}: {share}, {minutes}:{seconds:02} elapsed"

    def follow(self, process: subprocess.Popen[str], doing: str) -> tuple[str, list[str]]:
        """Show progress until the process ends; what it wrote to its output and, in lines, to its error output."""
        lines: SimpleQueue[str | None] = SimpleQueue()
        outputs: list[str] = []
        readers = [
            Thread(target=_pass_on, args=(process.stderr, lines)),
            Thread(target=_collect, args=(process.stdout, outputs)),
        ]
        for reader in readers:
            reader.start()
        said = self._show(lines, doing)
        for reader in readers:
            reader.join()
        process.wait()
        return "".join(outputs), said

    def _show(self, lines: "SimpleQueue[str | None]", doing: str) -> list[str]:
        interval = TERMINAL_SECONDS if self.out.isatty() else PLAIN_SECONDS
        said: list[str] = []
        shown = self.now()
        while True:
            try:
                line = lines.get(timeout=max(0.0, shown + interval - self.now()))
            except Empty:
                self._tick(doing)
                shown = self.now()
                continue
            if line is None:
                return said
            said.append(line)
            self.done += 1

    def _tick(self, doing: str) -> None:
        if self.out.isatty():
            print(f"\r\x1b[K{self.line(doing)}", end="", file=self.out, flush=True)
        else:
            print(self.line(doing), file=self.out, flush=True)


def _pass_on(stream: IO[str] | None, lines: "SimpleQueue[str | None]") -> None:
    for line in stream or ():
        lines.put(line.rstrip())
    lines.put(None)


def _collect(stream: IO[str] | None, into: list[str]) -> None:
    into.append(stream.read() if stream else "")
