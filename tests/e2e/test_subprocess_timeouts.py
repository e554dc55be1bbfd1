"""No call of a program waits without a limit: one that hangs would hang a run of the tests, or a person's command."""

import ast
from pathlib import Path

import pytest

from e2e.cluster.checkout import ROOT

FOLDERS = ("e2e", "tests", "benchmarks", "operator", "workloads")
WAITING = {f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output")}
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def unlimited(source: str) -> list[int]:
    """Return the lines of calls that wait for a program and name no timeout."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    waiting = (call for call in calls if ast.unparse(call.func) in WAITING)
    return [call.lineno for call in waiting if "timeout" not in {keyword.arg for keyword in call.keywords}]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("subprocess.run(['true'], check=True)", [1]),
        ("x = 1\nsubprocess.check_output(('true',)).decode()", [2]),
        ("subprocess.run(['true'], check=True, timeout=60)", []),
        ("process.run()", []),
    ],
)
def test_calls_without_a_limit_are_found(source: str, lines: list[int]) -> None:
    assert unlimited(source) == lines


def test_every_call_of_a_program_has_a_limit() -> None:
    found = {str(path.relative_to(ROOT)): lines for path in FILES if (lines := unlimited(_text(path)))}
    assert found == {}, "give each a timeout in seconds"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
