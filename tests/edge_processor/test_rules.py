"""The file of rules."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_processor.rules import RulesFileError, read_rules


def test_what_the_operator_writes(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text('{"rules": [{"name": "hot", "sensorType": "temperature", "above": "80.5"}]}')
    assert read_rules(path) == [{"name": "hot", "sensorType": "temperature", "above": "80.5"}]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"rules": {}}', '{"rules": [1]}', "null"])
def test_what_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(content)
    with pytest.raises(RulesFileError, match=r"RULES_FILE .*rules\.json"):
        read_rules(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesFileError, match="missing"):
        read_rules(tmp_path / "missing")


@given(content=st.binary(max_size=100))
def test_any_content_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-rules.json"
    path.write_bytes(content)
    try:
        rules = read_rules(path)
    except RulesFileError:
        return
    assert all(isinstance(rule, dict) for rule in rules)
