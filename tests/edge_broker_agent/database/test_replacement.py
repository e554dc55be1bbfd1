"""What a damaged database is replaced with: its intact part and the sessions of the copy, never its messages."""

from io import BytesIO
from pathlib import Path

import pytest

from edge_broker_agent.database.bodies import Kind
from edge_broker_agent.database.damage import DamagedError
from edge_broker_agent.database.replacement import write_replacement, write_sessions
from tests.edge_broker_agent.database.samples import (
    DATABASE,
    checked,
    config,
    header,
    message,
    queued,
    retained,
    session,
    subscription,
)


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    """The copy of an older database: of two sessions, of which one has a subscription that was ended since."""
    whole = tmp_path / "old.db"
    ended = subscription(b"edge-processor", b"old/topic")
    parts = DATABASE.partition(subscription(b"edge-gateway", b"devices/+/status"))
    whole.write_bytes(parts[0] + ended + parts[1] + parts[2])
    copy = BytesIO()
    with whole.open("rb") as file:
        write_sessions(file, checked(whole.read_bytes()), copy)
    target = tmp_path / "copy"
    target.write_bytes(copy.getvalue())
    return target


def replaced(content: bytes, sessions: Path | None, tmp_path: Path) -> bytes:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    made = BytesIO()
    write_replacement(damaged, sessions, made)
    return made.getvalue()


def test_copy_has_sessions_and_subscriptions_alone(sessions: Path) -> None:
    counts = checked(sessions.read_bytes()).counts
    assert [counts[kind] for kind in Kind] == [1, 0, 0, 0, 3, 2]


def test_one_that_became_shorter_since_its_check_is_refused() -> None:
    with pytest.raises(DamagedError, match="shorter"):
        write_sessions(BytesIO(DATABASE[:200]), checked(DATABASE), BytesIO())


def test_every_cut_gives_an_intact_one_with_every_session(sessions: Path, tmp_path: Path) -> None:
    for end in range(len(DATABASE)):
        made = replaced(DATABASE[:end], sessions, tmp_path)
        counts = checked(made).counts
        assert counts[Kind.SESSION] == 2
        assert counts[Kind.SUBSCRIPTION] >= 2
        assert b"devices/+/status" in made


def test_last_bytes_cut_off_cost_the_last_chunk_alone(sessions: Path, tmp_path: Path) -> None:
    made = replaced(DATABASE[:-10], sessions, tmp_path)
    counts = checked(made).counts
    assert (counts[Kind.MESSAGE], counts[Kind.QUEUED], counts[Kind.RETAINED]) == (3, 2, 0)
    assert b"old/topic" in made, "the damage may have removed it"


def test_section_that_is_complete_gets_nothing_of_the_copy(sessions: Path, tmp_path: Path) -> None:
    assert replaced(DATABASE + retained(3)[:-1], sessions, tmp_path) == DATABASE


def test_session_that_ended_since_the_copy_does_not_get_its_subscriptions(sessions: Path, tmp_path: Path) -> None:
    start = header() + config() + message(1) + session(b"new") + queued(1, b"new") + subscription(b"new", b"t")
    made = replaced(start + subscription(b"new", b"cut off")[:-2], sessions, tmp_path)
    assert (checked(made).counts[Kind.SESSION], checked(made).counts[Kind.SUBSCRIPTION]) == (1, 1)


def test_nothing_intact_gives_the_copy(sessions: Path, tmp_path: Path) -> None:
    assert replaced(bytes(100), sessions, tmp_path) == sessions.read_bytes()
    made = BytesIO()
    write_replacement(None, sessions, made)
    assert made.getvalue() == sessions.read_bytes()


def test_without_a_copy_the_intact_part_is_what_is_left(tmp_path: Path) -> None:
    assert replaced(DATABASE[:-10], None, tmp_path) == DATABASE[:-16]
    for content in (b"", bytes(100), header()):
        with pytest.raises(DamagedError, match="nothing"):
            replaced(content, None, tmp_path)
