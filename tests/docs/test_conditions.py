"""docs/conditions.md lists every reason that the operator may give, and no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = ROOT / "operator" / "edge_operator"
PAGE = ROOT / "docs" / "conditions.md"
POSITION = {"ConditionValue": 1, "Problem": 0, "Notice": 0}
"""Where the reason stands among the arguments."""
FROM_ERRORS = {"QuotaExceeded", "AccessDenied", "Invalid", "Refused"}


def given_reasons() -> set[str]:
    found = set(FROM_ERRORS)
    for path in (path for floor in ("control", "status") for path in (OPERATOR / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                found |= literals(node)
    return found


def literals(call: ast.Call) -> set[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    arguments = [word.value for word in call.keywords if word.arg == "reason"]
    if name in POSITION and len(call.args) > POSITION[name]:
        arguments.append(call.args[POSITION[name]])
    return {word.value for word in arguments if isinstance(word, ast.Constant) and isinstance(word.value, str)}


def listed_reasons() -> set[str]:
    found: set[str] = set()
    for line in PAGE.read_text().splitlines():
        cells = line.split("|")
        if len(cells) == 6:
            found |= set(re.findall(r"`([A-Z][A-Za-z]+)`", cells[1]))
    return found


def test_every_reason_is_listed() -> None:
    assert given_reasons() - listed_reasons() == set()


def test_no_other_is_listed() -> None:
    assert listed_reasons() - given_reasons() - {"NotOurs"} == set()


def test_errors_of_the_api_server_are_named_as_the_operator_names_them() -> None:
    source = (OPERATOR / "control" / "apply" / "refusals.py").read_text()
    assert set(re.findall(r'return "([A-Z]\w+)"', source)) == FROM_ERRORS
