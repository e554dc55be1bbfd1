"""The check of Mosquitto's database: what is intact, what is damaged, and that no content makes it fail otherwise."""

import struct
import tracemalloc
from contextlib import suppress
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_broker_agent.database.bodies import Kind
from edge_broker_agent.database.damage import DamagedError
from tests.edge_broker_agent.database.samples import (
    CHUNKS,
    DATABASE,
    checked,
    chunk,
    config,
    header,
    message,
    queued,
    retained,
    session,
    subscription,
)

ENDS = list(accumulate([len(header()), *map(len, CHUNKS)]))


def test_what_an_intact_one_has() -> None:
    contents = checked(DATABASE)
    assert [contents.counts[kind] for kind in Kind] == [1, 3, 2, 1, 2, 2]
    assert str(contents) == f"2 sessions, 2 queued, 1 retained messages, {len(DATABASE)} bytes"


def test_one_of_a_new_broker_and_one_of_an_older_version_are_intact() -> None:
    assert checked(header() + config()).counts[Kind.SESSION] == 0
    old = chunk(6, struct.pack("<q", 0) + struct.pack(">IHH", 3600, 1, 4) + b"scad")
    assert checked(header(5) + config() + old).counts[Kind.SESSION] == 1


def test_every_cut_is_found_but_one_between_two_chunks_behind_the_messages() -> None:
    passed = []
    for end in range(len(DATABASE)):
        try:
            checked(DATABASE[:end])
        except DamagedError as error:
            assert error.intact_bytes == max((each for each in ENDS if each <= end), default=0)  # noqa: PT017
        else:
            passed.append(end)
    assert passed == [ENDS[1], *ENDS[5:-1]]


PART = header() + config() + message(1)
DAMAGES = {
    "empty": (b"", "is empty"),
    "within the header": (header()[:20], "within its header"),
    "NULs": (bytes(4096), "does not begin as"),
    "another version": (header(7) + config(), "version 7; 5 and 6"),
    "no configuration": (header() + message(1), "wrong place"),
    "two configurations": (header() + config() + config(), "wrong place"),
    "another machine": (header() + config(4), "another size"),
    "NULs at the end": (PART + session(b"a") + bytes(16), "unknown kind 00000000"),
    "a chunk of another kind": (PART + chunk(9, b""), "unknown kind 00000009"),
    "longer than the file": (PART + struct.pack(">II", 6, 2**32 - 1), "ends within a chunk"),
    "longer than its kind": (PART + chunk(6, bytes(300_000)), "longer than one of its kind"),
    "shorter than its kind": (PART + chunk(6, bytes(10)), "shorter than one of its kind"),
    "no topic": (PART + message(2, b""), "without a topic"),
    "a topic with a NUL": (PART + message(2, b"a\0b"), "not text"),
    "a topic that is not UTF-8": (PART + message(2, b"\xff"), "not text"),
    "properties of another length": (PART + message(2, properties=b"\x05\x01\x01"), "properties of another length"),
    "a session without a name": (PART + session(b""), "do not have its length"),
    "an impossible state": (PART + session(b"a") + queued(1, b"a", state=12), "invalid flags"),
    "a queue of another session": (PART + session(b"a") + queued(1, b"b"), "of another session"),
    "a queue without its message": (PART + session(b"a") + queued(2, b"a"), "message that is missing"),
    "retained without its message": (PART + session(b"a") + retained(2), "message that is missing"),
    "retained of another length": (PART + session(b"a") + chunk(4, bytes(16)), "not the id of one"),
    "a subscription of nobody": (PART + session(b"a") + subscription(b"b", b"t"), "without a session"),
    "a message behind the sessions": (PART + session(b"a") + message(2), "wrong place"),
    "messages only": (PART, "sessions and retained messages are missing"),
    "the header only": (header(), "after its header"),
}


@pytest.mark.parametrize(("content", "said"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_named(content: bytes, said: str) -> None:
    with pytest.raises(DamagedError) as caught:
        checked(content)
    assert said in caught.value.message
    assert caught.value.intact_bytes <= len(content)


@given(st.binary(max_size=300))
def test_nothing_else_is_raised_by_random_bytes(content: bytes) -> None:
    for start in (b"", header(), PART, PART + session(b"a")):
        with suppress(DamagedError):
            checked(start + content)


@given(st.integers(0, len(DATABASE) - 1), st.binary(min_size=1, max_size=40))
def test_nothing_else_is_raised_if_bytes_are_overwritten(position: int, content: bytes) -> None:
    with suppress(DamagedError):
        checked(DATABASE[:position] + content + DATABASE[position + len(content) :])


@pytest.mark.parametrize("length", [2**16, 2**24, 2**32 - 1])
@pytest.mark.parametrize("kind", range(8))
def test_a_huge_length_takes_no_memory(kind: int, length: int) -> None:
    content = PART + struct.pack(">II", kind, length) + b"\xff" * 2**20
    tracemalloc.start()
    with pytest.raises(DamagedError):
        checked(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20 + len(content), "the copy of the content, and less than a megabyte more"
