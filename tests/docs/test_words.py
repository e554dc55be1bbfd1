"""The language of what users read: words of docs/style.md that are not used (`kubectl explain`, logs, errors, docs)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    "*.md",
    "docs/*.md",
    "charts/edge-stack/*.md",
    "charts/edge-stack/*.yaml",
    "charts/edge-stack/*.json",
    "charts/edge-stack/templates/*.txt",
    "crds/*.yaml",
    "examples/*.yaml",
)
CODE = ("operator", "workloads", "e2e")

WORDS = {
    "anew": r"\banew\b",
    "told": r"\btold\b",
    "heard": r"\bheard\b",
    "so long": r"\bso long\b",
    "whose": r"\bwhose\b",
    "left out": r"\b(left|leaves|leave) out\b",
    "takes up": r"\b(takes|take|took) up\b",
    "whereto": r"\bwhereto\b",
    "seldom": r"\bseldom\b",
    "is no X": r"(?<![Tt]here )\b(is|are) no (?!longer\b|more than\b)",
    "hands out": r"\bhands? out\b",
    "is away": r"\b(is|are|was|were) away\b",
    "says nothing": r"\bsay(s)? nothing\b",
}
"""What is searched for, by the name that docs/style.md gives it."""

SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA)\b")


def pages() -> Iterator[tuple[str, str]]:
    """Yield file and line number, and the text, of each line of the pages."""
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            if name != "docs/style.md":
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    yield f"{name}:{number}", line


def strings() -> Iterator[tuple[str, str]]:
    """Yield where and what for each sentence that the code prints, logs or raises; docstrings are not among them."""
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
            texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                text = _text(node, parts | texts)
                if text.count(" ") > 1 and not SQL.search(text):
                    yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", text


def _text(node: ast.AST, passed_over: set[int]) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
        return node.value
    return ""


@cache
def read_by_users() -> tuple[tuple[str, str], ...]:
    return (*pages(), *strings())


@pytest.mark.parametrize("word", WORDS)
def test_users_do_not_read_this_word(word: str) -> None:
    found = [f"{where}: {text.strip()}" for where, text in read_by_users() if re.search(WORDS[word], text)]
    assert found == [], f"{len(found)} times {word!r}: see docs/style.md"


def test_the_page_lists_every_word() -> None:
    page = (ROOT / "docs/style.md").read_text()
    assert [word for word in WORDS if word not in page] == []


def test_both_kinds_of_text_are_searched() -> None:
    assert sum(1 for _ in pages()) > 1000
    assert sum(1 for _ in strings()) > 500
