"""The list of equivalent mutants, and what a run makes of it."""

from pathlib import Path
from typing import Any

import pytest

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.tools.mutate import equivalents
from e2e.tools.mutate.floors import FLOORS, module_of
from e2e.tools.mutate.mutants import mutants
from e2e.tools.mutate.results import Result, table

SOURCE = "def f(a):\n    return a < 1"
LESS, OTHER = (
    next(each for each in mutants("a.py", SOURCE) if each.after == text) for text in ("return a <= 1", "return a >= 1")
)
ENTRY = {"file": "a.py", "function": "f", "before": "return a < 1", "after": "return a <= 1", "reason": "a is never 1"}


def test_entry_of_a_survivor_names_it(tmp_path: Path) -> None:
    text = equivalents.entry(LESS).replace('reason = ""', 'reason = "because"')
    (tmp_path / "floor.toml").write_text(text)
    assert equivalents.load("floor", tmp_path) == {LESS.key: "because"}


def test_entry_with_both_quotes_is_read_back(tmp_path: Path) -> None:
    source = "def f():\n    a('''it's \"so\"\\n''')"
    found = [each for each in mutants("a.py", source) if each.after == "pass"]
    (tmp_path / "floor.toml").write_text(equivalents.entry(found[0]).replace('reason = ""', 'reason = "because"'))
    assert list(equivalents.load("floor", tmp_path)) == [found[0].key]


def test_floor_without_a_list(tmp_path: Path) -> None:
    assert equivalents.load("floor", tmp_path) == {}


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([{**ENTRY, "reason": " "}], id="no reason"),
        pytest.param([{key: value for key, value in ENTRY.items() if key != "before"}], id="no text before"),
        pytest.param([ENTRY, ENTRY], id="twice"),
        pytest.param([{**ENTRY, "after": ["return a > 1", "return a > 1"]}], id="twice in one"),
    ],
)
def test_entry_that_is_refused(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"a\.py"):
        equivalents.parse({"mutant": entries})


def test_list_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "floor.toml").write_text("[[mutant")
    with pytest.raises(HarnessError, match=r"floor\.toml"):
        equivalents.load("floor", tmp_path)


def test_entry_of_code_that_has_changed_is_stale() -> None:
    reasons = equivalents.parse({"mutant": [{**ENTRY, "after": ["return a <= 1", "return a <= 2"]}]})
    assert equivalents.stale(reasons, mutants("a.py", SOURCE)) == [("a.py", "f", "return a < 1", "return a <= 2", 1)]


@pytest.mark.parametrize("floor", FLOORS)
def test_the_lists_of_this_repository_are_of_its_code(floor: str) -> None:
    files = FLOORS[floor].files()
    found = [each for file in files for each in mutants(str(file), (ROOT / file).read_text())]
    assert not equivalents.stale(equivalents.load(floor), found)
    assert FLOORS[floor].test_paths()
    assert len({module_of(file) for file in files}) == len(files)


def test_counts() -> None:
    result = Result("floor")
    for mutant, survived in ((LESS, True), (OTHER, True), (OTHER, False), (OTHER, False)):
        result.add(mutant, {LESS.key: "because"}, survived=survived)
    assert (result.tried, result.killed, result.equivalent, result.survived) == (4, 2, 1, [OTHER])
    assert result.percent == pytest.approx(100 / 3)
    assert result.details() == ["a.py:2: return a < 1 → return a >= 1"]
    assert (result.is_good(33.4), result.is_good(33.3)) == (True, False)
    assert table([result]).splitlines()[1].split() == ["floor", "4", "2", "1", "1", "33.3"]


def test_listed_mutant_that_a_test_notices_spoils_the_run() -> None:
    result = Result("floor")
    result.add(LESS, {LESS.key: "because"}, survived=False)
    assert not result.is_good(100)
    assert "listed as equivalent, but a test notices" in result.details()[0]


def test_stale_entry_spoils_the_run() -> None:
    result = Result("floor", stale=[LESS.key])
    assert not result.is_good(100)
    assert "listed as equivalent, but f has no return a < 1" in result.details()[0]
