"""The mutants of one file: where each is, what it was and what it becomes."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from e2e.tools.mutate.heads import BLOCKS, is_for_readers, is_skipped, is_text, lines, shown
from e2e.tools.mutate.operators import negation, replacements, statements

Function = ast.FunctionDef | ast.AsyncFunctionDef
Key = tuple[str, str, str, str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node hangs in the tree.

    Attributes:
        index: the node's place in the list that the field is; None if the field is the node itself.
    """

    parent: ast.AST
    field: str
    index: int | None

    def put(self, node: object) -> object:
        """Put another node there (or a whole list); return what was there."""
        if self.index is None:
            before = getattr(self.parent, self.field)
            setattr(self.parent, self.field, node)
            return before
        nodes = getattr(self.parent, self.field)
        before, nodes[self.index] = nodes[self.index], node
        return before


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: path below the repository.
        function: the function or class it is in, with those around it; empty for the module.
        line: of the statement.
        end: last line of the statement (of its head, where it holds others).
        before: the statement, or its head.
        after: the same, changed.
        at_import: whether it runs when the module is imported, and not in a test.
        occurrence: the how manieth of those that look the same in this function, from 1.
        tree: the whole file.
        place: where to put `node`.
    """

    file: str
    function: str
    line: int
    end: int
    before: str
    after: str
    at_import: bool
    occurrence: int
    tree: ast.Module = field(repr=False, compare=False)
    place: Place = field(repr=False, compare=False)
    node: object = field(repr=False, compare=False)

    @property
    def key(self) -> Key:
        """What names the mutant for as long as the code is what it is, wherever in the file it is."""
        return self.file, self.function, self.before, self.after, self.occurrence

    def apply(self) -> ast.Module:
        """Change the tree, for good, and return it."""
        self.place.put(self.node)
        return ast.fix_missing_locations(self.tree)


def mutants(file: str, source: str) -> list[Mutant]:
    """Return all mutants of a file, in the order of its lines.

    Args:
        file: its path, for the report.
        source: its text.

    Raises:
        SyntaxError: it is not Python.
    """
    tree = ast.parse(source)
    seen: Counter[Key] = Counter()
    found = []
    for mutant in _Walk(file, tree).block(tree, "body", "", at_import=True):
        seen[mutant.key] += 1
        found.append(replace(mutant, occurrence=seen[mutant.key]))
    return found


class _Walk:
    def __init__(self, file: str, tree: ast.Module) -> None:
        self._file = file
        self._tree = tree

    def block(self, parent: ast.AST, name: str, function: str, *, at_import: bool) -> Iterator[Mutant]:
        for index, node in enumerate(getattr(parent, name)):
            if isinstance(node, ast.stmt):
                yield from self._statement(node, Place(parent, name, index), function, at_import=at_import)
            else:  # an except or a case: its guard is mutated, its pattern is not
                guard = getattr(node, "guard", None)
                if guard is not None:
                    holder = parent if isinstance(parent, ast.stmt) else node
                    yield from self._expressions(node, "guard", holder, function, at_import=at_import)
                yield from self.block(node, "body", function, at_import=at_import)

    def _statement(self, node: ast.stmt, place: Place, function: str, *, at_import: bool) -> Iterator[Mutant]:
        if is_skipped(node):
            return
        if isinstance(node, ast.ClassDef | Function):
            inner = f"{function}.{node.name}".removeprefix(".")
            if isinstance(node, ast.ClassDef):
                yield from self.block(node, "body", inner, at_import=at_import)
                return
            for name in ("defaults", "kw_defaults"):
                yield from self._expressions(node.args, name, node, inner, at_import=at_import)
            yield from self._whole(node, inner)
            yield from self.block(node, "body", inner, at_import=False)
            return
        for other in statements(node):
            yield self._mutant(node, place, other, function, at_import=at_import)
        if not isinstance(node, ast.Raise):
            for name in (each for each in node._fields if each not in {*BLOCKS, "annotation", "target", "targets"}):
                yield from self._expressions(node, name, node, function, at_import=at_import)
        for name in (each for each in BLOCKS if getattr(node, each, None)):
            yield from self.block(node, name, function, at_import=at_import)

    def _whole(self, node: Function, function: str) -> Iterator[Mutant]:
        """Yield the function that returns at once, where that is not what deleting its only statement makes."""
        if len([each for each in node.body if not is_text(each)]) > 1:
            body: list[ast.stmt] = [ast.Return(ast.Constant(None))]
            if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node)):
                body.append(ast.Expr(ast.Yield(None)))
            head = f"{shown(node)} return None at once"
            mutant = self._mutant(node, Place(node, "body", None), body, function, at_import=False)
            last = node.body[-1]
            yield replace(mutant, after=head, line=node.body[0].lineno, end=last.end_lineno or last.lineno)

    def _expressions(
        self, parent: ast.AST, name: str, holder: ast.AST, function: str, *, at_import: bool
    ) -> Iterator[Mutant]:
        value = getattr(parent, name)
        nodes = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, node in nodes:
            if not isinstance(node, ast.AST) or is_for_readers(node):
                continue
            place = Place(parent, name, index)
            if isinstance(node, ast.expr):
                others = list(replacements(node))
                if name in {"test", "ifs", "guard"} and (opposite := negation(node)) is not None:
                    others.append(opposite)
                for other in others:
                    yield self._mutant(holder, place, other, function, at_import=at_import)
            for inner in (each for each in node._fields if each != "annotation"):
                yield from self._expressions(node, inner, holder, function, at_import=at_import)

    def _mutant(self, holder: ast.AST, place: Place, other: object, function: str, *, at_import: bool) -> Mutant:
        first, last = lines(holder)
        text = shown(holder)
        before = place.put(other)
        changed = shown(other if holder is before and isinstance(other, ast.AST) else holder)
        place.put(before)
        return Mutant(
            self._file, function, first, last, text, changed, at_import, 0, tree=self._tree, place=place, node=other
        )
