"""Which quick tests run which lines: they are run once, unchanged, in a fork that may start no process.

A test that does not pass here (it needs a process, a fixture of one, or is slow) chooses itself out.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from e2e.cluster.checkout import ROOT
from e2e.tools.mutate.bench import Bench, be_silent

if TYPE_CHECKING:
    from _typeshed import TraceFunction

SLOW_SECONDS = 10.0
"""CPU seconds after which a test, slowed down by being traced, is not quick."""


@dataclass(slots=True)
class Quick:
    """The quick tests of a floor.

    Attributes:
        seconds: CPU seconds of each, while it was traced, by its id.
        lines: the lines that each runs, by its id and the file below the repository.
        left_out: the tests that are not quick.
        modules: what was imported for them that is not of this repository.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)

    def of(self, file: str, first: int, last: int) -> list[str]:
        """Return the tests that run any of these lines of a file, the quickest first."""
        wanted = set(range(first, last + 1))
        found = [test for test, files in self.lines.items() if not wanted.isdisjoint(files.get(file, ()))]
        return sorted(found, key=lambda test: self.seconds[test])

    def touching(self, file: str) -> list[str]:
        """Return the tests that run any line of a file, the quickest first."""
        return sorted(
            (test for test, files in self.lines.items() if file in files), key=lambda test: self.seconds[test]
        )

    def others(self, file: str) -> list[str]:
        """Return the tests that run no line of a file, the quickest first."""
        return sorted(self.seconds.keys() - set(self.touching(file)), key=lambda test: self.seconds[test])


def look(bench: Bench, files: Iterable[Path]) -> Quick:
    """Run all tests of a bench, in silence; return the quick ones with the lines of `files` that each runs."""
    be_silent()
    names = {str(ROOT / file): str(file) for file in files}
    quick = Quick()
    for test in bench.items:
        trace = _Trace(names)
        began = time.process_time()
        sys.settrace(trace.call)
        try:
            passed = bench.run([test])
        finally:
            sys.settrace(None)
        took = time.process_time() - began
        if passed and took < SLOW_SECONDS:
            quick.seconds[test] = took
            quick.lines[test] = dict(trace.lines)
        else:
            quick.left_out.append(test)
    quick.modules = [name for name, module in sys.modules.items() if not _is_ours(getattr(module, "__file__", None))]
    return quick


class _Trace:
    """Notes which lines of some files are run."""

    def __init__(self, names: dict[str, str]) -> None:
        self.lines: dict[str, set[int]] = defaultdict(set)
        self._names = names

    def call(self, frame: FrameType, _event: str, _argument: object) -> "TraceFunction | None":
        """Take that a function is called; return what is to be called for its lines, if it is in one of the files."""
        name = self._names.get(frame.f_code.co_filename)
        if name is None:
            return None
        lines = self.lines[name]
        lines.add(frame.f_lineno)

        def line(frame: FrameType, _event: str, _argument: object) -> "TraceFunction":
            lines.add(frame.f_lineno)
            return line

        return line


def _is_ours(file: str | None) -> bool:
    """Return whether a file is of this repository, and not of the environment in it."""
    return file is not None and Path(file).is_relative_to(ROOT) and ".edge" not in Path(file).relative_to(ROOT).parts
