"""The hand-checked body is refused with the name of the field, and never otherwise."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_storage.ingest.request import BadRequestError, RawMessage, parse_request
from tests.edge_storage.running import RECEIVED_AT, message, request

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
GOOD = message("pump-1", b"x")


def test_the_whole_request() -> None:
    later = GOOD | {"received_at": "2026-01-31T13:00:00Z"}

    asked = parse_request(json.dumps(request(GOOD, later, token=7)).encode())

    assert (asked.token, asked.location) == (7, "hall")
    assert asked.messages == (
        RawMessage("pump-1", b"x", NOON),
        RawMessage("pump-1", b"x", NOON + dt.timedelta(hours=1)),
    )


WRONG: list[tuple[Any, str]] = [
    ([], "the body must be a JSON object"),
    (request() | {"received_at": "noon"}, "received_at must be a time"),
    (request() | {"messages": {}}, "messages must be an array"),
    (request() | {"token": "7"}, "token must be the integer"),
    (request() | {"token": True}, "token must be the integer"),
    (request() | {"location": None}, "location must be a string"),
    (request(GOOD, GOOD | {"device_id": ""}), r"messages\[1\].device_id must not be empty"),
    (request(GOOD | {"device_id": 7}), r"messages\[0\].device_id must be a string"),
    (request(GOOD | {"payload": "ü"}), r"messages\[0\].payload must be base64"),
    (request(GOOD | {"payload": "abc"}), r"messages\[0\].payload must be base64"),
    (request(GOOD | {"received_at": None}), r"messages\[0\].received_at must be a time"),
    (request() | {"messages": [7]}, r"messages\[0\] must be an object"),
]


@pytest.mark.parametrize(("document", "told"), WRONG)
def test_a_wrong_field_is_named(document: Any, told: str) -> None:
    with pytest.raises(BadRequestError, match=told):
        parse_request(json.dumps(document).encode())


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
MESSAGES = st.lists(
    st.dictionaries(st.sampled_from(["device_id", "payload", "received_at"]), SCALARS | st.just(RECEIVED_AT)) | SCALARS
)


@given(
    st.dictionaries(
        st.sampled_from(["token", "location", "received_at", "messages"]), SCALARS | MESSAGES | st.just(RECEIVED_AT)
    )
)
def test_no_document_raises_anything_else(document: dict[str, Any]) -> None:
    try:
        asked = parse_request(json.dumps(document).encode())
    except BadRequestError:
        return
    assert len(asked.messages) == len(document["messages"])


@given(st.binary(max_size=64))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_request(b"?" + body)
