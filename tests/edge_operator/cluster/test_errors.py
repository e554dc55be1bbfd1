from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.cluster.errors import ApiError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
STATUS = st.fixed_dictionaries(
    {}, optional={"reason": JSON, "message": JSON, "details": JSON | st.fixed_dictionaries({"causes": JSON})}
)


def test_status_of_the_api_server() -> None:
    body = {
        "reason": "Forbidden",
        "message": "no",
        "details": {"causes": [{"reason": "NamespaceTerminating"}], "retryAfterSeconds": 3},
    }
    error = ApiError.of(403, body, None)
    assert (error.code, error.reason, str(error), error.retry_after) == (403, "Forbidden", "no", 3.0)
    assert error.namespace_terminating


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        pytest.param("7", {}, 7.0, id="header"),
        pytest.param("7", {"details": {"retryAfterSeconds": 3}}, 7.0, id="header before body"),
        pytest.param(None, {"details": {"retryAfterSeconds": 3}}, 3.0, id="body"),
        pytest.param(None, {}, None, id="none"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", {}, None, id="a date"),
        pytest.param("nan", {}, None, id="not a number"),
        pytest.param("inf", {}, None, id="for ever"),
        pytest.param("-1", {}, None, id="negative"),
        pytest.param("0", {}, None, id="zero"),
    ],
)
def test_retry_after(header: str | None, body: dict[str, Any], seconds: float | None) -> None:
    assert ApiError.of(429, body, header).retry_after == seconds


@pytest.mark.parametrize("code", [400, 403, 405, 413, 415, 422])
def test_the_same_again_would_be_refused(code: int) -> None:
    assert ApiError.of(code, {}, None).refused


@pytest.mark.parametrize("code", [401, 404, 409, 410, 429, 500, 503, 504])
def test_the_same_again_may_go(code: int) -> None:
    assert not ApiError.of(code, {}, None).refused


@pytest.mark.parametrize("code", [200, 400, 403, 404, 405, 409, 410, 422, 429, 500, 503, 504])
def test_each_status_has_its_name(code: int) -> None:
    error = ApiError.of(code, {}, None)
    names = {404: "not_found", 409: "conflict", 410: "gone", 429: "throttled", 500: "internal"}
    assert {name for name in names.values() if getattr(error, name)} == ({names[code]} if code in names else set())


def test_error_without_words_says_its_code() -> None:
    assert str(ApiError.of(500, None, None)).startswith("500")


@given(code=st.integers(400, 599), body=JSON | STATUS, header=st.none() | st.text())
def test_any_body_makes_an_error(code: int, body: Any, header: str | None) -> None:
    error = ApiError.of(code, body, header)
    assert str(error)
    assert error.retry_after is None or 0 < error.retry_after < float("inf")
