"""Every public number of the product has its unit in its name, or in what is written about it (docs/style.md)."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.numbers import Number, numbers
from tests.support.sources import Source, sources

FOLDERS = ("operator", "workloads")

UNIT_NAMES = (
    "seconds|second|milliseconds|ticks|bytes|kib|characters|percent|share|count"
    "|attempts|batches|commands|connections|devices|duplicates|failures|headers|heartbeats|iterations|keys|lines"
    "|messages|passwords|refreshes|replicas|requests|retakes|revisions|rows|shards|sources|tombstones|transitions"
    "|workers"
)
"""Last words of names that are a unit, or that an integer counts: `lag_seconds`, `per_second`, `MAX_COMMANDS`."""

UNIT_FREE = (
    "code|generation|id|ids|mid|number|numbers|offset|pid|port|qos|rotation|seq|status|threshold|token|user|value"
    "|weight"
)
"""Last words of names of numbers without a unit: identifiers, codes, positions, descriptors, measured values."""

ALL_PORTS = "operator/edge_operator/desired/ports.py"

TIMES = (
    "after|ages|at|deadline|due|duration|expiry|first|grace|interval|late|longest|moment|now|period|seen"
    "|since|started|timeout|until|uptime|window"
)
"""Last words of names of times: one sentence about all times of a class or a module is enough."""

WRITTEN = re.compile(
    r"\b(milliseconds|seconds|bytes|KiB|characters|percent|(number|fraction|share) of|how many|at most|per second"
    rf"|a second|alerts|readings|records|markers|items|objects|pods|certificates|levels|writes|port|ports|{UNIT_NAMES}"
    r"|HTTP status|exit status|signal number|file mode|reason code|packet type|descriptor|digest|unit of)\b",
    re.IGNORECASE,
)
ALL_TIMES = re.compile(r"\btimes? (is|are)\b[^.]*\bseconds\b", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.;]\s")


def is_one_of(name: str, words: str) -> bool:
    """Return whether `name` ends with one of `words`."""
    return re.fullmatch(words, name.lower().rpartition("_")[2]) is not None


def has_unit(number: Number) -> bool:
    """Return whether a reader finds the unit of a number.

    It is in its name, in its own entry, in a sentence that quotes its name, or, for a time, in one about all times.
    """
    if is_one_of(number.name, f"{UNIT_NAMES}|{UNIT_FREE}") or WRITTEN.search(number.entry):
        return True
    if is_one_of(number.name, TIMES) and any(ALL_TIMES.search(text) for text in number.around):
        return True
    sentences = [sentence for text in number.around for sentence in SENTENCE_END.split(text)]
    return any(f"`{number.name}`" in sentence and WRITTEN.search(sentence) for sentence in sentences)


def product() -> Iterator[Number]:
    for source in (source for folder in FOLDERS for source in sources(folder)):
        if source.name != ALL_PORTS:
            yield from numbers(source)


def test_every_number_has_a_unit() -> None:
    found = [
        f"{each.place}: `{each.name}` has no unit: end its name with it, or write it into its entry of the docstring"
        for each in product()
        if not has_unit(each)
    ]
    assert found == []


def test_enough_numbers_are_found() -> None:
    assert sum(1 for _ in product()) > 500


@pytest.mark.parametrize("words", [UNIT_NAMES, UNIT_FREE, TIMES], ids=["a unit", "unit-free", "a time"])
def test_every_word_of_the_lists_is_needed(words: str) -> None:
    last = {each.name.lower().rpartition("_")[2] for folder in FOLDERS for s in sources(folder) for each in numbers(s)}
    assert [word for word in words.split("|") if word not in last] == []


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        pytest.param("WAIT_SECONDS = 5", [], id="a unit at the end of the name"),
        pytest.param("SECONDS_LOST = 5", ["SECONDS_LOST"], id="a unit elsewhere in the name"),
        pytest.param("WAIT = 5", ["WAIT"], id="a constant"),
        pytest.param('WAIT = 5\n"""Of a request, in seconds."""', [], id="a string below it"),
        pytest.param('WAIT = 5\nOTHER = ""\n"""In seconds."""', ["WAIT"], id="a string below another"),
        pytest.param('"""Seconds."""\nWAIT = 5', ["WAIT"], id="a docstring that does not name it"),
        pytest.param('"""`WAIT` is in seconds."""\nWAIT = 5', [], id="a docstring that names it"),
        pytest.param('"""`WAIT` is long. `A` is in seconds."""\nWAIT = 5', ["WAIT"], id="a sentence about another"),
        pytest.param("WAITS = (0.5, 1)", ["WAITS"], id="a tuple"),
        pytest.param("A_SECONDS, B = 1, 2", ["B"], id="two names"),
        pytest.param("_WAIT = 5\nNAME = ''\nIS_ON = True", [], id="private, a text, a switch"),
        pytest.param("def f(a: float | None = None) -> None: ...", ["a"], id="a parameter"),
        pytest.param("def _f(a: float) -> None: ...", [], id="a parameter of a private function"),
        pytest.param('def f(a: int) -> None:\n    """Wait `a` seconds."""', [], id="a sentence that names it"),
        pytest.param(
            'def f(a: int, b: int) -> None:\n    """Wait.\n\n    Args:\n        a: in seconds.\n        b: no\n    """',
            ["b"],
            id="the entry of another",
        ),
        pytest.param("class C:\n    limit: Annotated[int, Field(ge=0)]", ["limit"], id="a field"),
        pytest.param("class C:\n    limits: dict[str, float]", ["limits"], id="a field with several"),
        pytest.param("class _C:\n    limit: int", [], id="a field of a private class"),
        pytest.param(
            'class C:\n    """Wait.\n\n    Args:\n        a: in\n            bytes.\n    """\n'
            "    def __init__(self, a: int) -> None: ...",
            [],
            id="an argument of a class, its entry on two lines",
        ),
        pytest.param('class C:\n    """All times are seconds."""\n    due: float\n    most: int', ["most"], id="times"),
    ],
)
def test_what_a_unit_is(code: str, missing: list[str]) -> None:
    tree = ast.parse(code)
    found = numbers(Source("a.py", code, tree, tuple(ast.walk(tree))))
    assert [each.name for each in found if not has_unit(each)] == missing
