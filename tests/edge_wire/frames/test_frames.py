"""The frames between processor and store: round trips, cut at every byte, garbage, limits."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.store.frames import (
    MAX_FRAME_BYTES,
    AnswerParts,
    CommitAnswer,
    CommitRequest,
    Frame,
    FrameBuffer,
    FrameError,
    Kind,
    MessageRejection,
    Status,
    decode_notification,
    decode_request,
    encode_answer,
    encode_notification,
    encode_request,
)

NOW = 1_795_924_862_125
NUMBERS = st.integers(0, 2**32 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
MESSAGES = st.lists(st.tuples(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True), st.binary(max_size=80)))
REQUESTS = st.builds(
    CommitRequest,
    token=st.none() | st.integers(-(2**63), 2**63 - 1),
    location=TEXT,
    received_at=st.integers(0, NOW * 2),
    messages=MESSAGES,
    queued_ms=st.just(0) | st.integers(1, NOW),
)
REJECTIONS = st.builds(MessageRejection, index=NUMBERS, reason=TEXT, message=TEXT)


@st.composite
def answers(draw: st.DrawFn) -> CommitAnswer:
    lines = draw(st.lists(st.binary(max_size=80)))
    return CommitAnswer(
        status=draw(st.sampled_from(Status)),
        reason=draw(TEXT),
        accepted=draw(NUMBERS),
        duplicates=draw(NUMBERS),
        rejected=draw(NUMBERS),
        alerts=draw(NUMBERS),
        first_offset=draw(st.integers(0, 2**64 - 1)),
        lines=lines,
        indexes=tuple(draw(st.lists(NUMBERS, min_size=len(lines), max_size=len(lines)))),
        rejections=draw(st.lists(REJECTIONS)),
    )


REQUEST = CommitRequest(7, "hall ö", NOW, [("dev1", b'{"value":1}'), ("dev-2", b""), ("dev1", b"\xff")])
ANSWER = CommitAnswer(
    Status.STORED, "", 2, 1, 1, 3, 100, [b'{"a":1}', b'{"b":2}'], (0, 2), [MessageRejection(1, "empty", "empty: ö")]
)
STREAM = encode_request(1, REQUEST) + encode_answer(1, ANSWER) + encode_notification(101) + encode_request(2, REQUEST)


def buffer() -> FrameBuffer:
    return FrameBuffer(Kind.REQUEST, Kind.ANSWER, Kind.NOTIFICATION)


def frames(data: bytes) -> list[Frame]:
    of = buffer()
    found = of.feed(data)
    assert of.is_empty
    return found


def body(data: bytes) -> bytes:
    (frame,) = frames(data)
    return frame.body


def joined(data: bytes) -> CommitAnswer:
    parts = AnswerParts()
    *more, last = [parts.add(frame.body) for frame in frames(data)]
    assert more == [None] * len(more)
    assert last is not None
    return last


@given(NUMBERS, REQUESTS)
def test_a_request_is_decoded_as_it_was(number: int, request: CommitRequest) -> None:
    (frame,) = frames(encode_request(number, request))
    assert (frame.kind, frame.number) == (Kind.REQUEST, number)
    assert decode_request(frame.body) == request


@given(NUMBERS, answers())
def test_an_answer_is_decoded_as_it_was(number: int, answer: CommitAnswer) -> None:
    (frame,) = frames(encode_answer(number, answer))
    assert (frame.kind, frame.number) == (Kind.ANSWER, number)
    assert AnswerParts().add(frame.body) == answer


@given(st.integers(0, 2**64 - 1))
def test_a_notification_is_decoded_as_it_was(offset: int) -> None:
    assert decode_notification(body(encode_notification(offset))) == offset


def test_a_stream_is_the_same_when_cut_at_every_byte() -> None:
    whole = frames(STREAM)
    assert [frame.number for frame in whole] == [1, 1, 0, 2]
    for at in range(len(STREAM) + 1):
        of = buffer()
        assert of.feed(STREAM[:at]) + of.feed(STREAM[at:]) == whole
        assert of.is_empty
    of = buffer()
    assert [frame for byte in STREAM for frame in of.feed(bytes([byte]))] == whole


@pytest.mark.parametrize("whole", [encode_request(1, REQUEST), encode_answer(1, ANSWER)], ids=["request", "answer"])
def test_a_body_that_is_cut_or_too_long_is_malformed(whole: bytes) -> None:
    (frame,) = frames(whole)
    decode = decode_request if frame.kind is Kind.REQUEST else AnswerParts().add
    for at in range(len(frame.body)):
        with pytest.raises(FrameError):
            decode(frame.body[:at])
    with pytest.raises(FrameError):
        decode(frame.body + b"x")


@given(st.binary())
def test_garbage_has_one_error(data: bytes) -> None:
    for decode in (decode_request, AnswerParts().add, decode_notification):
        with contextlib.suppress(FrameError):
            decode(data)


@given(st.data())
def test_changed_bytes_have_one_error(data: st.DataObject) -> None:
    changed = bytearray(STREAM)
    for at in data.draw(st.lists(st.integers(0, len(STREAM) - 1), min_size=1, max_size=4)):
        changed[at] = data.draw(st.integers(0, 255))
    decoders: dict[Kind, Callable[[bytes], object]] = {
        Kind.REQUEST: decode_request,
        Kind.ANSWER: AnswerParts().add,
        Kind.NOTIFICATION: decode_notification,
    }
    with contextlib.suppress(FrameError):
        for frame in buffer().feed(bytes(changed)):
            decoders[frame.kind](frame.body)


HEAD = bytes(encode_notification(1)[:12])


@pytest.mark.parametrize(
    ("head", "message"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n", "not a frame", id="HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00", "not a frame", id="TLS"),
        pytest.param(HEAD[:2] + b"\x02" + HEAD[3:], "version 2, this release has version 1", id="a newer version"),
        pytest.param(HEAD[:3] + b"\x09" + HEAD[4:], "kind 9 is not expected", id="an unknown kind"),
        pytest.param(HEAD[:3] + b"\x01" + HEAD[4:], "kind 1 is not expected", id="a kind of the other side"),
        pytest.param(HEAD[:4] + b"\xff\xff\xff\x7f" + HEAD[8:], f"the limit is {MAX_FRAME_BYTES}", id="too large"),
    ],
)
def test_a_head_that_is_not_valid_is_refused_before_its_body(head: bytes, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        FrameBuffer(Kind.ANSWER, Kind.NOTIFICATION).feed(head)


def request(**changed: Any) -> CommitRequest:
    return CommitRequest(**{"token": None, "location": "", "received_at": NOW, "messages": [("d", b"x")]} | changed)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"messages": [("d", b"x" * MAX_FRAME_BYTES)]}, f"the limit is {MAX_FRAME_BYTES}", id="large"),
        pytest.param({"messages": [("ö", b"")]}, "ascii", id="an id beyond ASCII"),
        pytest.param({"messages": [("d" * 256, b"")]}, "256", id="a very long id"),
        pytest.param({"token": 2**63}, "cannot be encoded", id="token"),
        pytest.param({"location": "x" * 70_000}, "cannot be encoded", id="location"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_by_the_sender(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(FrameError, match=message):
        encode_request(1, request(**wrong))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"messages": [("d/e", b"")]}, "other characters", id="an id with a slash"),
        pytest.param({"messages": [("", b"")]}, "1 to 64", id="an empty id"),
        pytest.param({"messages": [("d" * 65, b"")]}, "1 to 64", id="a long id"),
        pytest.param({"messages": [("d", b"")] * 10_001}, "the limit is 10000", id="many messages"),
        pytest.param({"received_at": -1}, "milliseconds since 1970", id="before 1970"),
        pytest.param({"received_at": 2**62}, "milliseconds since 1970", id="after the year 9999"),
        pytest.param({"queued_ms": 2**62}, "queued_ms", id="for longer than there are years"),
    ],
)
def test_a_request_with_a_wrong_value_is_refused_by_the_receiver(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(FrameError, match=message):
        decode_request(body(encode_request(1, request(**wrong))))


@pytest.mark.parametrize(
    ("sizes", "rejections"),
    [
        pytest.param([300] * 40_000, 0, id="an array of short readings"),
        pytest.param([3_000_000] * 4, 0, id="large lines"),
        pytest.param([], 1_700, id="many rejections"),
        pytest.param([1_500_000, 1_500_000, 10], 501, id="both"),
    ],
)
def test_a_large_answer_has_several_frames(sizes: Sequence[int], rejections: int) -> None:
    answer = CommitAnswer(
        Status.STORED,
        accepted=len(sizes),
        rejected=rejections,
        first_offset=1,
        lines=[b"x" * size for size in sizes],
        indexes=list(range(len(sizes))),
        rejections=[MessageRejection(index, "json", "ö" * 500) for index in range(rejections)],
    )
    data = encode_answer(1, answer)
    assert len(frames(data)) > 1
    assert joined(data) == answer


def test_long_texts_are_cut_and_half_surrogates_replaced() -> None:
    answer = CommitAnswer(Status.REFUSED, "r" * 9_999, rejections=[MessageRejection(0, "json", "\ud800" + "t" * 9_999)])
    decoded = joined(encode_answer(1, answer))
    assert (decoded.reason, decoded.rejections[0].message) == ("r" * 500, "?" + "t" * 499)


def test_an_answer_with_a_line_that_is_too_large_is_refused_by_the_sender() -> None:
    with pytest.raises(FrameError, match="the limit is"):
        encode_answer(1, CommitAnswer(Status.STORED, lines=[b"x" * MAX_FRAME_BYTES], indexes=[0]))


def test_an_answer_without_end_is_refused() -> None:
    parts = AnswerParts()
    large = CommitAnswer(Status.STORED, lines=[b"x" * 3_000_000] * 2, indexes=[0, 0])
    first = frames(encode_answer(1, large))[0].body
    for _ in range(22):
        assert parts.add(first) is None
    with pytest.raises(FrameError, match="more than"):
        parts.add(first)
