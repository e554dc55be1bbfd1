"""Words of docs/style.md that are not used: in texts for users, and in docstrings and comments of the product."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.sources import ROOT, Source, prose, sources

PAGES = (
    "*.md",
    "docs/*.md",
    "charts/edge-stack/*.md",
    "charts/edge-stack/*.yaml",
    "charts/edge-stack/*.json",
    "charts/edge-stack/templates/*.txt",
    "crds/*.yaml",
    "examples/*.yaml",
    "examples/*/*.md",
)
CODE = ("operator", "workloads", "e2e", "benchmarks")

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

MORE_WORDS = {
    "tells": r"\b(tell|tells|telling)\b",
    "hears": r"\b(hear|hears|hearing)\b",
    "whoever": r"\b(whoever|whom|whomever)\b",
    "knows": r"\b(knows|knew)\b",
    "stands in": r"\b(stands|stood) (in|for)\b",
    "gone": r"\bgone\b",
    "further": r"\bfurther\b",
    "cut off": r"\bcut off\b",
    "looked at": r"\blook(s|ed)? (at|after)\b",
}
"""What docstrings and comments do not contain either: there these words hide the actor or are metaphors."""

SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA)\b")


def pages() -> Iterator[tuple[str, str]]:
    """Yield file and line number, and the text, of each line of the pages."""
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            if name != "docs/style.md":
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    yield f"{name}:{number}", line


def strings(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each sentence that the code prints, logs or raises."""
    parts = {id(part) for node in source.nodes if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    texts = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        text = _text(node, parts | texts)
        if text.count(" ") > 1 and not SQL.search(text):
            yield f"{source.name}:{getattr(node, 'lineno', 0)}", text


def _text(node: ast.AST, passed_over: set[int]) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
        return node.value
    return ""


@cache
def read_by_users() -> tuple[tuple[str, str], ...]:
    return (*pages(), *(text for folder in CODE for source in sources(folder) for text in strings(source)))


@cache
def read_by_developers() -> tuple[tuple[str, str], ...]:
    files = [source for folder in CODE for source in sources(folder)]
    return tuple(text for source in files for text in prose(source))


@pytest.mark.parametrize("word", WORDS)
def test_users_do_not_read_this_word(word: str) -> None:
    found = [f"{where}: {text.strip()}" for where, text in read_by_users() if re.search(WORDS[word], text)]
    assert found == [], f"{len(found)} times {word!r}: see docs/style.md"


@pytest.mark.parametrize("word", [*WORDS, *MORE_WORDS])
def test_readers_of_the_code_do_not_read_this_word(word: str) -> None:
    pattern = (WORDS | MORE_WORDS)[word]
    found = [f"{where}: {text.strip()}" for where, text in read_by_developers() if re.search(pattern, text)]
    assert found == [], f"{len(found)} times {word!r}: see docs/style.md"


def test_the_page_lists_every_word() -> None:
    page = (ROOT / "docs/style.md").read_text()
    assert [word for word in (*WORDS, *MORE_WORDS) if word not in page] == []


def test_all_kinds_of_text_are_searched() -> None:
    assert sum(1 for _ in pages()) > 1000
    assert len(read_by_users()) - sum(1 for _ in pages()) > 500
    assert len(read_by_developers()) > 3000
