"""The public numbers of a Python file: parameters, fields and constants of the types int and float."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.sources import Source, text_of

NUMBERS = frozenset({"int", "float", "Before", "Limit", "Port", "Replicas"})
"""Types of numbers: Python's, and our aliases of them. `Seconds` is none of them: there the type names the unit."""

CONTAINERS = frozenset({"Annotated", "Iterable", "Mapping", "Sequence", "deque", "dict", "list", "set", "tuple"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Number:
    """A public number.

    Attributes:
        place: file, line and owner, for people.
        name: the name.
        entry: texts about this number alone: its entry of `Args:` or `Attributes:`, the string below it, and those in
            its annotation, such as the description of a setting.
        around: the docstrings of its function, class and module.
    """

    place: str
    name: str
    entry: str
    around: tuple[str, ...]


def numbers(source: Source) -> Iterator[Number]:
    """Yield each public number of a file."""
    module = ast.get_docstring(source.tree) or ""
    yield from _assignments(source.tree, source.name, (module,))
    yield from _parameters(source.tree, source.name, (module,))
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            around = (ast.get_docstring(node) or "", module)
            yield from _assignments(node, f"{source.name} {node.name}", around)
            yield from _parameters(node, f"{source.name} {node.name}", around)


def _assignments(owner: ast.Module | ast.ClassDef, place: str, around: tuple[str, ...]) -> Iterator[Number]:
    for node, following in zip(owner.body, [*owner.body[1:], None], strict=True):
        for name in _assigned(node):
            if not name.startswith("_"):
                entry = " ".join((_entry(around[0], name), text_of(following), *_annotation_strings(node)))
                yield Number(f"{place}:{node.lineno}", name, entry, around)


def _assigned(node: ast.stmt) -> Iterator[str]:
    """Yield the names of numbers that a statement assigns."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and is_number(node.annotation):
        yield node.target.id
    for target in node.targets if isinstance(node, ast.Assign) and _is_value(node.value) else ():
        for name in target.elts if isinstance(target, ast.Tuple) else (target,):
            if isinstance(name, ast.Name):
                yield name.id


def _parameters(owner: ast.Module | ast.ClassDef, place: str, around: tuple[str, ...]) -> Iterator[Number]:
    for function in owner.body:
        if isinstance(function, Function) and (function.name == "__init__" or not function.name.startswith("_")):
            text = ast.get_docstring(function) or (around[0] if function.name == "__init__" else "")
            every = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            for each in every:
                if each.annotation is not None and is_number(each.annotation):
                    where = f"{place}:{function.lineno} {function.name}"
                    yield Number(where, each.arg, _entry(text, each.arg), (text, *around))


def is_number(annotation: ast.expr) -> bool:
    """Return whether it is a number, an optional one or a collection of numbers."""
    if isinstance(annotation, ast.Name):
        return annotation.id in NUMBERS
    if isinstance(annotation, ast.BinOp):
        return is_number(annotation.left) or is_number(annotation.right)
    if isinstance(annotation, ast.Tuple):
        return any(is_number(each) for each in annotation.elts)
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.value, ast.Name):
        return annotation.value.id in CONTAINERS and is_number(annotation.slice)
    return False


def _is_value(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int | float) and not isinstance(value.value, bool)
    if isinstance(value, ast.Tuple):
        return any(_is_value(each) for each in value.elts)
    if isinstance(value, ast.UnaryOp):
        return _is_value(value.operand)
    return isinstance(value, ast.BinOp) and _is_value(value.left) and _is_value(value.right)


def _entry(docstring: str, name: str) -> str:
    """Return the entry of `name` in the sections of a docstring, with its indented lines; '' if it has none."""
    found = re.search(rf"^ {{4}}(?:[\w, ]+, )?{name}(?:, [\w, ]+)?: (.*(?:\n {{5,}}.*)*)", docstring, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _annotation_strings(node: ast.stmt) -> Iterator[str]:
    for each in ast.walk(node.annotation) if isinstance(node, ast.AnnAssign) else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
