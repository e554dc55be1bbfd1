"""Dead letters of sinks, and the offset in a line, as the wire has them."""

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import MalformedError
from edge_wire.store import SinkDeadLetter, SinkResend
from edge_wire.store.line import offset_of

LETTER = SinkDeadLetter(7, "pump-1", dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC), "rejected", "no", b"\xff{")
END = b'"received_at":"2026-01-31T12:00:00.000Z"}'


@pytest.mark.parametrize("letter", [LETTER, SinkDeadLetter(None, "p", LETTER.received_at, "r", "", b"")])
def test_what_is_written_is_read(letter: SinkDeadLetter) -> None:
    assert SinkDeadLetter.from_object(letter.to_object()) == letter
    assert SinkResend.from_object({"id": 3, "resending": True, **letter.to_object()}) == SinkResend(3, letter)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offset": -1}, "offset"),
        ({"offset": "7"}, "offset"),
        ({"offset": 2**63}, "offset"),
        ({"payload": "é"}, "payload must be base64"),
        ({"payload": 7}, "payload must be a string"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"reason": ""}, "reason is missing"),
        ({"device_id": None}, "device_id is missing"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        SinkDeadLetter.from_object(LETTER.to_object() | change)


@pytest.mark.parametrize("document", [None, 7, [], "x"])
def test_something_else_is_refused(document: Any) -> None:
    with pytest.raises(MalformedError, match="must be an object"):
        SinkDeadLetter.from_object(document)


def test_a_resend_without_an_id_is_refused() -> None:
    with pytest.raises(MalformedError, match="id is missing"):
        SinkResend.from_object(LETTER.to_object())


@given(offset=st.integers(0, 2**63 - 1), body=st.binary(max_size=40))
def test_the_offset_of_any_line(offset: int, body: bytes) -> None:
    assert offset_of(b'{"device_id":"a"%b,"offset":%d,%b' % (body, offset, END)) == offset


_LINE = re.compile(rb',"offset":(\d+),"received_at":"([^"]{24})"\}\Z')
WRONG = [
    b"",
    b"{}",
    b'{"a":1,"offset":1}',
    b'{"a":1,"offset":,' + END,
    b'{"a":1,"offset":1x,' + END,
    b'{"a":1,"offset":-1,' + END,
    b'{"a":1,"other":1,' + END,
    b'{"a":1,"offset":1,' + END + b"\n",
    b'{"a":1,"offset":1,"received_at":"2026"}',
    END,
    END[14:],
]


@pytest.mark.parametrize("line", WRONG)
def test_what_is_no_line_is_refused(line: bytes) -> None:
    assert _LINE.search(line) is None
    with pytest.raises(ValueError, match="not a stored reading"):
        offset_of(line)
