"""JSON documents are read within bounds, and what is refused says why."""

from collections.abc import Callable
from typing import Any

import pytest

from edge_wire.messages import MAX_PAYLOAD_BYTES, MalformedError
from edge_wire.messages.document import as_object, load, load_object, load_tolerant

BOTH = pytest.mark.parametrize("read", [load, load_tolerant])


def nested(depth: int, before: bytes = b"[", after: bytes = b"]") -> bytes:
    """Return a document with so many nested levels."""
    return before * depth + after * depth


OBJECTS = (b'{"a":' * 63 + b"{}" + b"}" * 63, b'{"a":' * 64 + b"{}" + b"}" * 64)
MIXED = (b'[{"a":' * 32 + b"1" + b"}]" * 32, b'[{"a":' * 32 + b"[]" + b"}]" * 32)

TAKEN = [
    pytest.param(b"1".ljust(256 * 1024), id="256 KiB"),
    pytest.param(nested(64), id="arrays in 64 levels"),
    pytest.param(OBJECTS[0], id="objects in 64 levels"),
    pytest.param(MIXED[0], id="both in 64 levels"),
    pytest.param(b"[" + b"[]," * 100 + b"[[]]]", id="many arrays, few levels"),
]


@BOTH
@pytest.mark.parametrize("payload", TAKEN)
def test_taken(read: Callable[[bytes], Any], payload: bytes) -> None:
    assert read(payload) is not None


REFUSED = [
    pytest.param(b"", "empty", "the payload is empty: send JSON", id="empty"),
    pytest.param(
        b"1".ljust(256 * 1024 + 1), "too_large", "the payload has 262145 bytes: the limit is 262144", id="too large"
    ),
    pytest.param(nested(65), "depth", "the payload is nested more than 64 levels deep", id="arrays in 65 levels"),
    pytest.param(OBJECTS[1], "depth", "the payload is nested more than 64 levels deep", id="objects in 65 levels"),
    pytest.param(MIXED[1], "depth", "the payload is nested more than 64 levels deep", id="both in 65 levels"),
    pytest.param(b'"\x07\xc3"', "utf8", "the payload is not UTF-8: byte 2 is 0xc3", id="a byte that is no UTF-8"),
]


@BOTH
@pytest.mark.parametrize(("payload", "reason", "message"), REFUSED)
def test_refused(read: Callable[[bytes], Any], payload: bytes, reason: str, message: str) -> None:
    with pytest.raises(MalformedError) as refused:
        read(payload)

    assert (refused.value.reason, refused.value.message) == (reason, message)


@BOTH
def test_no_json(read: Callable[[bytes], Any]) -> None:
    with pytest.raises(MalformedError, match=r"^the payload is not JSON: .*line 1 column 1 \(char 0\)$") as refused:
        read(b"noon")

    assert refused.value.reason == "json"


NUMBERS = [
    pytest.param(b"9223372036854775807", 2**63 - 1, id="19 digits"),
    pytest.param(b"10000000000000000000", 1e19, id="20 digits"),
    pytest.param(b"-900719925474099301", -900719925474099301, id="18 digits and a sign"),
    pytest.param(b"1e999", float("inf"), id="beyond any double"),
]


@pytest.mark.parametrize(("payload", "expected"), NUMBERS)
def test_numbers_of_a_broken_document(payload: bytes, expected: float) -> None:
    read = load_tolerant(payload)

    assert (read, type(read)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("payload", "kind"), [(b"[]", "an array"), (b'"x"', "a string"), (b"7", "a number"), (b"null", "null")]
)
def test_what_is_no_object(payload: bytes, kind: str) -> None:
    with pytest.raises(MalformedError, match=f"^the payload must be a JSON object, not {kind}$"):
        load_object(payload)


def test_object() -> None:
    assert load_object(b'{"a":1}') == as_object({"a": 1}) == {"a": 1}


def test_largest_payload() -> None:
    assert MAX_PAYLOAD_BYTES == 262144
