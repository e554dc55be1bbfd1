"""Fields are taken out of an object by name; what is refused says why."""

from collections.abc import Callable
from typing import Any

import pytest

from edge_wire.messages import MalformedError
from edge_wire.messages import fields as take

TAKEN: list[Any] = [
    pytest.param(take.text, "x", "x", id="a text"),
    pytest.param(take.text, None, "", id="no text"),
    pytest.param(take.optional_text, "x", "x", id="an optional text"),
    pytest.param(take.optional_text, "", "", id="an optional text that is empty"),
    pytest.param(take.optional_text, None, None, id="no optional text"),
    pytest.param(take.required_text, "x", "x", id="a required text"),
    pytest.param(take.number, 2, 2.0, id="a whole number as a number"),
    pytest.param(take.number, 0.5, 0.5, id="a number"),
    pytest.param(take.mapping, {"a": 1}, {"a": 1}, id="an object"),
    pytest.param(take.mapping, None, {}, id="no object"),
    pytest.param(take.whole_number, 7, 7, id="a whole number"),
    pytest.param(take.whole_number, 2**63 - 1, 2**63 - 1, id="the largest of 64 bits"),
    pytest.param(take.whole_number, -(2**63), -(2**63), id="the least of 64 bits"),
]


@pytest.mark.parametrize(("function", "value", "expected"), TAKEN)
def test_taken(function: Callable[[dict[str, Any], str], Any], value: Any, expected: Any) -> None:
    fields = {"x": value, "y": 1}

    taken = function(fields, "x")

    assert (taken, type(taken)) == (expected, type(expected))
    assert fields == {"y": 1}


LEFT: list[Any] = [
    pytest.param(True, id="a boolean"),
    pytest.param(7.0, id="a number with a point"),
    pytest.param("7", id="a text"),
    pytest.param(2**63, id="above 64 bits"),
    pytest.param(-(2**63) - 1, id="below 64 bits"),
    pytest.param(None, id="null"),
]


@pytest.mark.parametrize("value", LEFT)
def test_what_is_no_whole_number_stays_where_it_is(value: Any) -> None:
    fields = {"seq": value}

    assert take.whole_number(fields, "seq") is None
    assert fields == {"seq": value}


SESSIONS: list[Any] = [
    pytest.param("s1", "s1", id="a text"),
    pytest.param(7, "7", id="a whole number"),
    pytest.param(0, "0", id="zero"),
    pytest.param("", None, id="an empty text"),
    pytest.param(True, None, id="a boolean"),
    pytest.param(7.5, None, id="a number with a point"),
    pytest.param(None, None, id="null"),
]


@pytest.mark.parametrize(("value", "expected"), SESSIONS)
def test_session(value: Any, expected: str | None) -> None:
    fields = {"session": value, "": "x"}

    assert take.session(fields) == expected
    assert fields == {"": "x"} | ({"session": value} if expected is None else {})


REFUSED: list[Any] = [
    pytest.param(take.required_text, {"x": ""}, "field", "x is missing or empty: it must be a string", id="empty"),
    pytest.param(take.required_text, {}, "field", "x is missing or empty: it must be a string", id="no text"),
    pytest.param(take.number, {}, "field", "x is missing: it must be a number", id="no number"),
    pytest.param(take.number, {"x": True}, "type", "x must be a number, not a boolean", id="a boolean"),
    pytest.param(take.number, {"x": None}, "type", "x must be a number, not null", id="null"),
    pytest.param(take.number, {"x": {}}, "type", "x must be a number, not an object", id="an object"),
    pytest.param(take.mapping, {"x": []}, "type", "x must be an object, not an array", id="an array"),
    pytest.param(take.mapping, {"x": "y"}, "type", "x must be an object, not a string", id="a text"),
    pytest.param(take.text, {"x": 7}, "type", "x must be a string, not a number", id="a whole number"),
    pytest.param(take.text, {"x": 0.5}, "type", "x must be a string, not a number", id="a number"),
]


@pytest.mark.parametrize(("function", "fields", "reason", "message"), REFUSED)
def test_refused(
    function: Callable[[dict[str, Any], str], Any], fields: dict[str, Any], reason: str, message: str
) -> None:
    with pytest.raises(MalformedError) as refused:
        function(fields, "x")

    assert (refused.value.reason, refused.value.message) == (reason, message)


def test_one_of_some_words() -> None:
    assert take.one_of({"x": "b"}, "x", ("a", "b")) == "b"
    with pytest.raises(MalformedError, match=r"^x must be one of a, b$"):
        take.one_of({"x": "c"}, "x", ("a", "b"))
