"""The checks of parameters and bodies, with the classes of the routes."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Struct
from starlette.requests import Request

from edge_service.problem import ProblemError
from edge_storage.pages import NO_END
from edge_storage.routes import parameters
from edge_storage.routes.alerts import Sent
from edge_storage.routes.dead_letters import LetterPath, ListQuery
from edge_storage.routes.lease import Acquire
from edge_storage.routes.log import LogQuery
from edge_storage.routes.parameters import SinkPath, of_document, of_path, of_query
from edge_storage.routes.readings import PageQuery
from edge_storage.routes.time_ranges import RangeQuery

StructT = TypeVar("StructT", bound=Struct)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NUMBERS = st.integers().map(str) | st.floats().map(str) | st.sampled_from(["null", "1e3", "1e999", "0x1", "\u0661"])


def request(query: str = "", path: dict[str, str] | None = None) -> Request:
    return Request({"type": "http", "headers": [], "query_string": query.encode(), "path_params": path or {}})


def taken(convert: Callable[[], StructT]) -> StructT | str:
    """Return what `convert` returns, or the detail of its refusal."""
    try:
        return convert()
    except ProblemError as error:
        problem = error.problem
    assert (problem.status, problem.reason) == (422, "Invalid")
    return problem.detail


def test_parameters_have_their_types_and_defaults() -> None:
    assert of_query(request(), ListQuery) == ListQuery(100, NO_END, None, None)
    assert of_query(request("limit=7&before=9&device_id=5&reason="), ListQuery) == ListQuery(7, 9, "5", "")


def test_unknown_parameters_are_ignored_and_the_last_of_two_counts() -> None:
    assert of_query(request("verbose=1&limit=9999&limit=3"), ListQuery).limit == 3


def test_names_that_are_words_of_python() -> None:
    assert of_query(request("from=a&to=b&begin=c"), RangeQuery) == RangeQuery("a", "b")


def test_the_text_null_is_no_null() -> None:
    assert of_query(request("device_id=null"), PageQuery) == PageQuery(device_id="null")
    assert taken(partial(of_query, request("limit=null"), PageQuery)) == "query.limit: Expected `int`, got `str`"
    assert parameters.given(UNSET) is None


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "query.limit: Expected `int` >= 1"),
        ("limit=1001", "query.limit: Expected `int` <= 1000"),
        (f"before={2**63}", f"query.before: Expected `int` <= {NO_END}"),
        (f"before={2**200}", f"query.before: Expected `int` <= {NO_END}"),
        ("before=", "query.before: Expected `int`, got `str`"),
        (f"reason={'x' * 257}", "query.reason: Expected `str` of length <= 256"),
    ],
)
def test_wrong_parameters_are_named(query: str, detail: str) -> None:
    assert taken(partial(of_query, request(query), ListQuery)) == detail


@pytest.mark.parametrize("name", ["Kafka", "kafka\n", "k" * 64, "", "1a", "é"])
def test_wrong_names_of_sinks(name: str) -> None:
    asked = taken(partial(of_path, request(path={"name": name}), SinkPath))
    assert isinstance(asked, str)
    assert asked.startswith("path.name: ")


@pytest.mark.parametrize(
    ("kind", "document", "detail"),
    [
        (Acquire, {}, "holder: it is missing"),
        (Acquire, {"holder": "a"}, "ttl_seconds: it is missing"),
        (Acquire, {"holder": "", "ttl_seconds": 1}, "holder: Expected `str` of length >= 1"),
        (Acquire, {"holder": "a", "ttl_seconds": 300.1}, "ttl_seconds: Expected `float` <= 300.0"),
        (Acquire, {"holder": "a", "ttl_seconds": "5"}, "ttl_seconds: Expected `float`, got `str`"),
        (Sent, {"ids": [1, -1]}, "ids[1]: Expected `int` >= 0"),
        (Sent, {"ids": [0] * 10_001}, "ids: Expected `array` of length <= 10000"),
        (Sent, {"ids": [], "token": "null"}, "token: Expected `int | null`, got `str`"),
    ],
)
def test_wrong_fields_are_named(kind: type[Struct], document: dict[str, Any], detail: str) -> None:
    assert taken(partial(of_document, document, kind)) == detail


@given(after=NUMBERS, limit=NUMBERS, max_bytes=NUMBERS | st.text())
def test_numbers_are_within_their_limits_or_refused(after: str, limit: str, max_bytes: str) -> None:
    query = urlencode({"after": after, "limit": limit, "max_bytes": max_bytes}, quote_via=quote, errors="replace")
    asked = taken(partial(of_query, request(query), LogQuery))
    if isinstance(asked, str):
        assert asked.startswith(("query.after: ", "query.limit: ", "query.max_bytes: "))
    else:
        assert 0 <= asked.after <= NO_END
        assert 0 <= asked.limit <= 10_000
        assert 1 <= asked.max_bytes <= 4 * 1024 * 1024
        assert {type(asked.after), type(asked.limit), type(asked.max_bytes)} == {int}


@given(st.integers(min_value=0, max_value=NO_END))
def test_every_number_of_a_dead_letter_is_taken(number: int) -> None:
    assert of_path(request(path={"number": str(number)}), LetterPath).number == number


@given(st.fixed_dictionaries({}, optional={"holder": JSON, "ttl_seconds": JSON, "other": JSON}))
@settings(max_examples=200)
def test_bodies_are_right_or_refused(document: dict[str, Any]) -> None:
    document = json.loads(json.dumps(document))
    asked = taken(partial(of_document, document, Acquire))
    if isinstance(asked, str):
        assert asked.startswith(("holder: ", "ttl_seconds: "))
    else:
        assert (asked.holder, asked.ttl_seconds) == (document["holder"], document["ttl_seconds"])
        assert 1 <= len(asked.holder) <= 253
        assert 0 < asked.ttl_seconds <= 300
