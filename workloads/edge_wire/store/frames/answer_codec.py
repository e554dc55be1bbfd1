"""Answers as frames.

An array of short readings grows: an answer that would be larger than a frame is sent in several frames.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace

from edge_wire.store.frames.answer import CommitAnswer, MessageRejection, Status
from edge_wire.store.frames.stream import FrameError, Kind, framed, pack_sizes, unpack_sizes

MAX_TEXT_CHARACTERS = 500
"""Characters of a reason or of a message; the rest is cut."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Largest answer, all its frames together."""

_PART_BYTES = 2 * 1024 * 1024
_PART_REJECTIONS = 500
_ROW_BYTES = 8
_HAS_MORE = 1

# Status, flags, bytes of the reason, accepted, duplicates, rejected, alerts, lines, rejections, first offset.
_FIXED = struct.Struct("<BBHIIIIIIQ")


class AnswerParts:
    """Joins the frames of one answer after another."""

    def __init__(self) -> None:
        self._parts: list[CommitAnswer] = []
        self._bytes = 0

    def add(self, body: bytes) -> CommitAnswer | None:
        """Return the answer that the body of a frame completes; None if more frames follow.

        Raises:
            FrameError: it is not an answer, or is too large.
        """
        part, has_more = _decode(body)
        self._bytes += len(body)
        if self._bytes > MAX_ANSWER_BYTES:
            raise FrameError(f"an answer of more than {MAX_ANSWER_BYTES} bytes: send fewer messages")
        self._parts.append(part)
        if has_more:
            return None
        parts, self._parts, self._bytes = self._parts, [], 0
        return part if len(parts) == 1 else _joined(parts)


def encode_answer(number: int, answer: CommitAnswer) -> bytes:
    """Return the frames of `answer`.

    Args:
        number: of the request.
        answer: to encode.

    Raises:
        FrameError: it has a single line that is too large, or a value that does not fit.
    """
    *parts, last = _parts(answer)
    frames = [_encode(number, part, _HAS_MORE) for part in parts]
    return b"".join((*frames, _encode(number, last, 0)))


def _parts(answer: CommitAnswer) -> Iterator[CommitAnswer]:
    if (
        sum(map(len, answer.lines)) + _ROW_BYTES * len(answer.lines) <= _PART_BYTES
        and len(answer.rejections) <= _PART_REJECTIONS
    ):
        yield answer
        return
    begin = size = 0
    for at, line in enumerate(answer.lines):
        size += len(line) + _ROW_BYTES
        if size > _PART_BYTES and at > begin:
            yield replace(answer, lines=answer.lines[begin:at], indexes=answer.indexes[begin:at], rejections=())
            begin, size = at, len(line) + _ROW_BYTES
    yield replace(answer, lines=answer.lines[begin:], indexes=answer.indexes[begin:], rejections=())
    for begin in range(0, len(answer.rejections), _PART_REJECTIONS):
        rejections = answer.rejections[begin : begin + _PART_REJECTIONS]
        yield replace(answer, lines=(), indexes=(), rejections=rejections)


def _joined(parts: list[CommitAnswer]) -> CommitAnswer:
    return replace(
        parts[-1],
        lines=[line for part in parts for line in part.lines],
        indexes=[index for part in parts for index in part.indexes],
        rejections=[each for part in parts for each in part.rejections],
    )


def _encode(number: int, answer: CommitAnswer, flags: int) -> bytes:
    reason = _text(answer.reason)
    lines, rejections = answer.lines, answer.rejections
    labels, texts = [_text(each.reason) for each in rejections], [_text(each.message) for each in rejections]
    counts = (answer.accepted, answer.duplicates, answer.rejected, answer.alerts, len(lines), len(rejections))
    try:
        fixed = _FIXED.pack(answer.status, flags, len(reason), *counts, answer.first_offset)
        of_lines = pack_sizes([*map(len, lines), *answer.indexes])
        of_rejections = pack_sizes([each.index for each in rejections] + [*map(len, labels), *map(len, texts)])
    except struct.error as error:
        raise FrameError(f"an answer that cannot be encoded: {error}") from None
    return framed(Kind.ANSWER, number, fixed, reason, of_lines, of_rejections, *lines, *labels, *texts)


def _text(text: str) -> bytes:
    return text[:MAX_TEXT_CHARACTERS].encode(errors="replace")


def _decode(body: bytes) -> tuple[CommitAnswer, bool]:
    try:
        status, flags, reason_size, *numbers, line_count, count, offset = _FIXED.unpack_from(body)
        accepted, duplicates, rejected, alerts = numbers
        at = _FIXED.size + reason_size
        of_lines = unpack_sizes(body, 2 * line_count, at)
        of_rejections = unpack_sizes(body, 3 * count, at + 8 * line_count)
        lines_at = at + 8 * line_count + 12 * count
        lines, labels_at = _cut(body, lines_at, of_lines[:line_count])
        labels, texts_at = _cut(body, labels_at, of_rejections[count : 2 * count])
        texts, end = _cut(body, texts_at, of_rejections[2 * count :])
        rejections = [
            MessageRejection(index, label.decode(), text.decode())
            for index, label, text in zip(of_rejections[:count], labels, texts, strict=True)
        ]
        reason = body[_FIXED.size : at].decode()
        counts = (accepted, duplicates, rejected, alerts)
        answer = CommitAnswer(Status(status), reason, *counts, offset, lines, of_lines[line_count:], rejections)
    except (struct.error, ValueError) as error:
        raise FrameError(f"an answer that is not valid: {error}") from None
    if end != len(body):
        raise FrameError(f"an answer of {len(body)} bytes: its parts have {end}")
    if flags & ~_HAS_MORE:
        raise FrameError(f"an answer with the unknown flags {flags:#04x}: update the processor")
    return answer, bool(flags & _HAS_MORE)


def _cut(body: bytes, begin: int, sizes: Sequence[int]) -> tuple[list[bytes], int]:
    """Return the parts of `body` from `begin` on, and where the last one ends."""
    parts = []
    for size in sizes:
        end = begin + size
        parts.append(body[begin:end])
        begin = end
    return parts, begin
