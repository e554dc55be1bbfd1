"""The Python files of the repository, each read and parsed once in a test run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

COMMENT = re.compile(r"^(?:.*  |\s*)# (.+)$", re.MULTILINE)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Source:
    """A file.

    Attributes:
        name: its path below the root of the repository.
        text: its content.
        tree: its syntax tree.
        nodes: every node of the tree, the module first.
    """

    name: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]


@cache
def sources(folder: str) -> tuple[Source, ...]:
    """Return the files below `folder`, sorted by path."""
    return tuple(_source(path) for path in sorted((ROOT / folder).rglob("*.py")))


def _source(path: Path) -> Source:
    text = path.read_text()
    tree = ast.parse(text)
    return Source(str(path.relative_to(ROOT)), text, tree, tuple(ast.walk(tree)))


def docstrings(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each docstring: of the module, of classes and of functions."""
    for node in source.nodes:
        if isinstance(node, DOCUMENTED):
            text = ast.get_docstring(node)
            if text:
                yield f"{source.name}:{getattr(node, 'lineno', 1)}", text


def prose(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each docstring, string below a constant or field, and comment line."""
    for node in source.nodes:
        if isinstance(node, ast.stmt) and (text := text_of(node)):
            yield f"{source.name}:{node.lineno}", text
    for number, line in enumerate(source.text.splitlines(), 1):
        found = COMMENT.match(line)
        if found:
            yield f"{source.name}:{number}", found[1]


def text_of(node: ast.stmt | None) -> str:
    """Return the string that is a statement of its own, on one line; an empty one for any other statement."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""
