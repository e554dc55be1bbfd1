"""Which quick tests run which lines: they are run once, unchanged, in a fork that may start no process.

A test that does not pass here (it needs a process, a fixture of one, or is slow) chooses itself out.
"""

import ast
import builtins
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.tools.mutate.bench import Bench, be_silent
from e2e.tools.mutate.heads import BLOCKS
from e2e.tools.mutate.install import exchange_all, functions

SLOW_SECONDS = 10.0
"""CPU seconds after which a test is not quick."""


@dataclass(slots=True)
class Quick:
    """The quick tests of a floor.

    Attributes:
        seconds: CPU seconds of each, by its id.
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
    """Run all tests of a bench, in silence; return the quick ones with the lines of `files` that each runs.

    The functions of these files note their lines in this process from then on; `sys.settrace` takes much longer.
    """
    be_silent()
    lines: dict[str, set[int]] = {}
    present = functions()
    for file in files:
        lines[str(file)] = set()
        name = f"__ran_{len(lines)}__"  # so that no class makes it a private name of its own
        setattr(builtins, name, lines[str(file)].add)
        tree = _Probes(name).visit(ast.parse((ROOT / file).read_text()))
        exchange_all(str(ROOT / file), ast.fix_missing_locations(tree), present)
    quick = Quick()
    for test in bench.items:
        for each in lines.values():
            each.clear()
        began = time.process_time()
        passed = bench.run([test])
        took = time.process_time() - began
        if passed and took < SLOW_SECONDS:
            quick.seconds[test] = took
            quick.lines[test] = {file: set(ran) for file, ran in lines.items() if ran}
        else:
            quick.left_out.append(test)
    quick.modules = [name for name, module in sys.modules.items() if not _is_ours(getattr(module, "__file__", None))]
    return quick


class _Probes(ast.NodeTransformer):
    """Puts before each statement of a function a call that notes its line.

    Args:
        name: of the function that is called.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and not isinstance(node, ast.Module | ast.ClassDef):
                setattr(node, name, [each for inner in block for each in self._noted(inner)])
        return node

    def _noted(self, node: ast.AST) -> list[ast.AST]:
        if not isinstance(node, ast.stmt):
            return [node]
        call = ast.Call(ast.Name(self._name, ast.Load()), [ast.Constant(node.lineno)], [])
        return [ast.copy_location(ast.Expr(call), node), node]


def _is_ours(file: str | None) -> bool:
    """Return whether a file is of this repository, and not of the environment in it."""
    return file is not None and Path(file).is_relative_to(ROOT) and ".edge" not in Path(file).relative_to(ROOT).parts
