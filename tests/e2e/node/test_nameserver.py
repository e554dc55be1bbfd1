"""Questions to a name server and its answers, as bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e2e.cluster.node.nameserver import address_in, query, resolve

NAME = "kubernetes.default.svc.cluster.local"


def _answer(identity: int = 7, flags: int = 0x8580, count: int = 1, address: bytes = bytes([10, 64, 0, 1])) -> bytes:
    question = query(NAME, identity)[12:]
    record = b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 5, 4) + address
    return struct.pack("!6H", identity, flags, 1, count, 0, 0) + question + record


def test_question_has_the_name_by_its_labels() -> None:
    asked = query("a.bc", 0x0102)
    assert asked == b"\x01\x02\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x01a\x02bc\x00" + b"\x00\x01\x00\x01"


@pytest.mark.parametrize(
    ("answer", "address"),
    [
        (_answer(), "10.64.0.1"),
        (_answer(identity=8), None),
        (_answer(flags=0x8583), None),
        (_answer(count=0), None),
        (b"", None),
    ],
)
def test_only_the_answer_to_the_question_counts(answer: bytes, address: str | None) -> None:
    assert address_in(answer, 7) == address


@given(st.binary(max_size=64))
def test_no_answer_is_too_strange(answer: bytes) -> None:
    found = address_in(answer, 7)
    assert found is None or found.count(".") == 3


def test_nobody_there_is_no_answer() -> None:
    assert resolve("127.0.0.1", NAME) is None
