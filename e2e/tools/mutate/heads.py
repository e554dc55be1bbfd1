"""A statement without those that it holds: its text and its lines, and whether code acts on it."""

import ast

TEXT_FOR_READERS = frozenset({"description", "title", "help"})
"""Keywords with strings that no code acts on."""

ONLY_FOR_TYPES = frozenset({"TypeVar", "NewType", "ParamSpec"})

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields of a statement that hold other statements."""


def lines(node: ast.AST) -> tuple[int, int]:
    """Return the first and the last line of a statement, or of the head of one that holds others."""
    first = int(getattr(node, "lineno", 1))
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not isinstance(body, list):
        return first, int(getattr(node, "end_lineno", first))
    inner = body[0]
    return first, max(int(getattr(getattr(inner, "pattern", inner), "lineno", first)) - 1, first)


def shown(node: ast.AST) -> str:
    """Return a statement as text, or the head of one that holds others."""
    held = {name: getattr(node, name) for name in BLOCKS if isinstance(getattr(node, name, None), list)}
    for name in held:
        setattr(node, name, [])
    text = ast.unparse(node).strip()
    for name, value in held.items():
        setattr(node, name, value)
    return text


def is_text(node: ast.AST) -> bool:
    """Return whether a statement is a docstring or the like."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_for_readers(node: ast.AST) -> bool:
    """Return whether an argument or a call says something to readers or type checkers only."""
    if isinstance(node, ast.keyword):
        return node.arg in TEXT_FOR_READERS
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ONLY_FOR_TYPES


def is_skipped(node: ast.stmt) -> bool:
    """Return whether a statement is for readers and type checkers only."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name.startswith("__") and name.endswith("__")
    return is_text(node)
