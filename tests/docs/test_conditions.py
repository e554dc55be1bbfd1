"""docs/conditions.md lists every reason of status/reasons.py and no other, and no other file spells a reason out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_liveness import Reason
from edge_operator.status import reasons

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = ROOT / "operator" / "edge_operator"
HOME = OPERATOR / "status" / "reasons.py"
PAGE = ROOT / "docs" / "conditions.md"
GIVEN = {name: value for name, value in vars(reasons).items() if name.isupper()}
POSITION = {"ConditionValue": 1, "Problem": 0, "Notice": 0, "Event": 1, "_Event": 3}
"""Where the reason stands among the arguments."""
OTHER_MEANINGS = {"Connected", "Disabled", "Invalid", "Paused"}
"""Reasons that are also the word for a condition, a phase, a presence or an answer of the API server."""


def listed_reasons() -> set[str]:
    """Return the first cells of the tables of reasons, and the words in the section on Events."""
    text = PAGE.read_text()
    cells = [line.split("|") for line in text.splitlines()]
    first = "".join(row[1] for row in cells if len(row) == 6)
    return set(re.findall(r"`([A-Z][A-Za-z]+)`", first + text.partition("## Events of devices")[2]))


def test_every_reason_is_listed() -> None:
    assert set(GIVEN.values()) - listed_reasons() == set()


def test_no_other_is_listed() -> None:
    assert listed_reasons() - set(GIVEN.values()) == set()


def test_every_reason_of_liveness_is_among_them() -> None:
    assert {each.value for each in Reason} - set(GIVEN.values()) == set()


def test_every_reason_is_given() -> None:
    used = set(re.findall(r"\breasons\.([A-Z_]+)", "".join(text for _, text in other_files())))
    assert set(GIVEN) - used == set()


@pytest.mark.parametrize("name", GIVEN)
def test_name_is_that_of_the_reason(name: str) -> None:
    assert re.sub("(?<=[a-z])(?=[A-Z])", "_", GIVEN[name]).upper() == name


def spelled_out(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and word of each reason that is written as a literal: as an argument, or anywhere if it is unique."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from ((each.lineno, str(each.value)) for each in _literals(node))
        elif isinstance(node, ast.Constant) and node.value in set(GIVEN.values()) - OTHER_MEANINGS:
            yield node.lineno, str(node.value)


def _literals(call: ast.Call) -> Iterator[ast.Constant]:
    """Yield the literal that is the reason of a condition, a problem or an Event."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    position = POSITION.get(name, len(call.args))
    arguments = [*call.args[position : position + 1], *(word.value for word in call.keywords if word.arg == "reason")]
    yield from (each for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str))


def other_files() -> Iterator[tuple[str, str]]:
    """Yield name and text of each file; a reason in api/ is one of the API server, for a value that it rejects."""
    for path in sorted(OPERATOR.rglob("*.py")):
        if path != HOME and path.parent != OPERATOR / "api":
            yield str(path.relative_to(ROOT)), path.read_text()


def test_no_other_file_spells_a_reason_out() -> None:
    found = [f"{name}:{line}: {word}" for name, text in other_files() for line, word in spelled_out(text)]
    assert found == [], f"import it from {HOME.relative_to(ROOT)}"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param('ConditionValue("True", "Paused", "waits")', ["Paused"], id="argument"),
        pytest.param('Problem("Unheard", "of")', ["Unheard"], id="new reason"),
        pytest.param('replace(problem, reason="Invalid")', ["Invalid"], id="keyword"),
        pytest.param('if reason == "LastWill": pass', ["LastWill"], id="comparison"),
        pytest.param('phase = "Paused"', [], id="phase"),
        pytest.param("Problem(reasons.NOT_OURS, message)", [], id="constant"),
        pytest.param('"""As LastWill."""', [], id="docstring"),
    ],
)
def test_what_is_spelled_out(source: str, words: list[str]) -> None:
    assert [word for _, word in spelled_out(source)] == words
