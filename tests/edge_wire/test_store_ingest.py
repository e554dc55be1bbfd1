"""Both ends of `POST /v1/readings`; the hand-checked body is refused with the name of the field, never otherwise."""

import base64
import datetime as dt
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import MalformedError
from edge_wire.store import IngestRequest, IngestResult, MessageResult, RawMessage, Rejection, encode_result

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
RECEIVED_AT = "2026-01-31T12:00:00.000Z"
GOOD = {"device_id": "pump-1", "payload": base64.b64encode(b"x").decode()}


def request(*messages: dict[str, Any], token: int | None = None) -> dict[str, Any]:
    """Return the body of `POST /v1/readings`."""
    return {"token": token, "location": "hall", "received_at": RECEIVED_AT, "messages": list(messages)}


def test_the_whole_request() -> None:
    later = GOOD | {"received_at": "2026-01-31T13:00:00Z"}

    asked = IngestRequest.parse(json.dumps(request(GOOD, later, token=7)).encode())

    assert (asked.token, asked.location) == (7, "hall")
    assert asked.messages == (
        RawMessage("pump-1", b"x", NOON),
        RawMessage("pump-1", b"x", NOON + dt.timedelta(hours=1)),
    )


def test_what_the_client_sends_is_what_the_store_reads() -> None:
    later = RawMessage("pump-2", b"\xff", NOON + dt.timedelta(seconds=1))
    sent = IngestRequest(7, "hall", (RawMessage("pump-1", b"x", NOON), later, RawMessage("pump-1", b"y", NOON)))

    assert IngestRequest.parse(orjson.dumps(sent.to_json())) == sent
    assert ["received_at" in each for each in sent.to_json()["messages"]] == [False, True, False]
    assert IngestRequest(7, "hall", sent.messages[:2]).to_json()["received_at"] == NOON


def test_store_of_an_older_release_sees_no_difference_unless_no_readings_are_wanted() -> None:
    messages = (RawMessage("pump-1", b"x", NOON),)
    plain = IngestRequest(None, "hall", messages)
    without = IngestRequest(None, "hall", messages, is_answered_with_readings=False)

    assert IngestRequest.parse(orjson.dumps(without.to_json())) == without
    assert without.to_json() == plain.to_json() | {"readings": False}


def test_what_the_store_answers_is_what_the_client_reads() -> None:
    results = (MessageResult(1, 2, ()), MessageResult(0, 0, (Rejection("json", "no JSON"),)))

    answer = orjson.loads(encode_result(results, [b'{"offset":1}']))

    assert IngestResult.from_json(answer) == IngestResult(results, ({"offset": 1},))


WRONG: list[tuple[Any, str]] = [
    ([], "the body must be a JSON object"),
    (request() | {"received_at": "noon"}, "received_at must be a time"),
    (request() | {"messages": {}}, "messages must be an array"),
    (request() | {"token": "7"}, "token must be the integer"),
    (request() | {"token": True}, "token must be the integer"),
    (request() | {"location": None}, "location must be a string"),
    (request() | {"readings": None}, "readings must be true or false"),
    (request(GOOD, GOOD | {"device_id": ""}), r"messages\[1\].device_id must not be empty"),
    (request(GOOD | {"device_id": 7}), r"messages\[0\].device_id must be a string"),
    (request(GOOD | {"payload": "ü"}), r"messages\[0\].payload must be base64"),
    (request(GOOD | {"payload": "abc"}), r"messages\[0\].payload must be base64"),
    (request(GOOD | {"payload": "eA==\n"}), r"messages\[0\].payload must be base64"),
    (request(GOOD | {"payload": 7}), r"messages\[0\]\.payload must be a string"),
    (request(GOOD | {"received_at": None}), r"messages\[0\].received_at must be a time"),
    (request() | {"messages": [7]}, r"messages\[0\] must be an object"),
]


@pytest.mark.parametrize(("document", "told"), WRONG)
def test_a_wrong_field_is_named(document: Any, told: str) -> None:
    with pytest.raises(MalformedError, match=f"^{told}"):
        IngestRequest.parse(json.dumps(document).encode())


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
MESSAGES = st.lists(
    st.dictionaries(st.sampled_from(["device_id", "payload", "received_at"]), SCALARS | st.just(RECEIVED_AT)) | SCALARS
)


@given(
    st.dictionaries(
        st.sampled_from(["token", "location", "received_at", "messages", "readings"]),
        SCALARS | MESSAGES | st.just(RECEIVED_AT),
    )
)
def test_no_document_raises_anything_else(document: dict[str, Any]) -> None:
    try:
        asked = IngestRequest.parse(json.dumps(document).encode())
    except MalformedError:
        return
    assert len(asked.messages) == len(document["messages"])


@given(st.binary(max_size=64))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with pytest.raises(MalformedError):
        IngestRequest.parse(b"?" + body)
