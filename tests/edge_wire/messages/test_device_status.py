"""Births, sign-offs, wills and other statuses of devices: one table of words, for every program and for the docs."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import ALIVE, DeviceStatus, MalformedError, StatusFault
from tests.edge_wire.messages.statuses import WORDS, Word

PAGE = Path(__file__).resolve().parents[3] / "docs" / "topics.md"


@pytest.mark.parametrize("case", WORDS, ids=lambda case: case.payload.decode(errors="replace")[:40])
def test_words(case: Word) -> None:
    status = DeviceStatus.read(case.payload, "pump-1")

    assert (status.status, status.word, status.fault and status.fault.reason) == (case.meaning, case.word, case.fault)


@pytest.mark.parametrize("case", WORDS, ids=lambda case: case.payload.decode(errors="replace")[:40])
def test_whoever_must_know_gets_the_fault_as_an_error(case: Word) -> None:
    if case.fault is None:
        assert DeviceStatus.parse(case.payload, "pump-1") == DeviceStatus.read(case.payload, "pump-1")
        return
    with pytest.raises(MalformedError) as refused:
        DeviceStatus.parse(case.payload, "pump-1")
    assert (refused.value.reason, bool(refused.value.message)) == (case.fault, True)


def test_the_page_lists_words_of_the_table_and_what_they_mean() -> None:
    section = PAGE.read_text().partition("### Words of a status\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(.+?)` \| ([a-z, ]+?) \| (?:`(.+?)`)? ?\|$", section, re.MULTILINE)
    assert len(rows) >= 18
    for payload, meaning, word in rows:
        status = DeviceStatus.read(payload.encode(), "pump-1")
        assert (status.status + ", unreadable" * (status.fault is not None), status.word) == (meaning, word), payload


def test_fields_of_the_right_type_are_used_although_another_is_not() -> None:
    status = DeviceStatus.read(b'{"status":"offline","name":7,"type":"pump","metadata":[],"reason":"X"}', "pump-1")

    assert status == DeviceStatus(
        "pump-1",
        "offline",
        type="pump",
        reason="X",
        fault=StatusFault("type", "name must be a string, not a number"),
    )


def test_session_may_be_a_number() -> None:
    parsed = DeviceStatus.parse(b'{"status":"online","session":7}', "pump-1")

    assert (parsed.session, parsed.extra) == ("7", {})


def test_own_word_is_published_as_it_is() -> None:
    status = DeviceStatus.parse(b'{"status":"Standby","name":"Pump"}', "pump-1")

    assert DeviceStatus.parse(status.encode(), "pump-1") == status


def test_what_cannot_be_written_as_json_does_not_cost_the_status() -> None:
    status = DeviceStatus.read(b'{"status":"offline","metadata":{"rssi":NaN,"x":"\\ud800"},"\\ud801":1}', "pump-1")

    assert (status.status, status.fault) == ("offline", None)
    assert status.metadata == {"rssi": None, "x": "\ufffd"}
    assert DeviceStatus.parse(status.encode(), "pump-1") == status


SIGN_OFFS = [
    pytest.param(b'{"status":"offline","reason":"Disconnected"}', True, id="a sign-off"),
    pytest.param(b'{"status":"Offline","reason":"disconnected"}', True, id="in another case"),
    pytest.param(b'{"status":"offline","reason":"LastWill"}', False, id="a will"),
    pytest.param(b'{"status":"online","reason":"Disconnected"}', False, id="online with its reason"),
    pytest.param(b"offline", False, id="a bare word"),
]


@pytest.mark.parametrize(("payload", "is_sign_off"), SIGN_OFFS)
def test_only_disconnected_is_a_sign_off(payload: bytes, *, is_sign_off: bool) -> None:
    assert DeviceStatus.parse(payload, "pump-1").is_sign_off is is_sign_off


payloads = st.binary(max_size=200) | st.text(max_size=200).map(str.encode)
texts = st.sampled_from(["online", "OFFLINE", "idle", "1", "null", "NaN", '"on', "{", '{"status":', "\ufeffonline"])


@given(payloads | texts.map(str.encode))
def test_g10_every_payload_is_a_status(payload: bytes) -> None:
    status = DeviceStatus.read(payload, "pump-1")

    assert status.id == "pump-1"
    assert len(status.word) <= 128
    assert status.word.isprintable()
    assert status.fault is None or status.status == ALIVE or status.fault.reason == "type"
    assert status.encode()


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=128), st.sampled_from(["", " ", "\n", "\t "]))
def test_any_word_is_one_in_every_form(word: str, blank: str) -> None:
    bare, quoted = (blank + word + blank).encode(), f'{blank}"{word}"{blank}'.encode()
    read = [DeviceStatus.read(each, "pump-1") for each in (bare, quoted, b'{"status":%b}' % quoted)]

    assert {(each.status, each.word, each.fault) for each in read} == {(read[0].status, read[0].word, None)}
