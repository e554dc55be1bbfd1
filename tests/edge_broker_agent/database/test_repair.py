"""The steps of a repair on the volume: what is noted, kept and replaced, also if the agent is killed between two."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_broker_agent.database import volume as database_volume
from edge_broker_agent.database.bodies import Kind
from edge_broker_agent.database.repair import DatabaseRepair
from edge_broker_agent.database.volume import MAX_KEPT, DatabaseVolume
from edge_wire.messages import DataLost
from tests.edge_broker_agent.database.samples import DATABASE, checked, config, header, message, retained

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SAVED_AT = 1_790_000_000


class Volume:
    """A volume with an intact database of which the sessions were copied."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.database = directory / "mosquitto.db"
        self.files = DatabaseVolume(self.database)
        self.now = NOON
        self.put(DATABASE)
        assert self.check() is None

    def put(self, content: bytes) -> None:
        self.database.write_bytes(content)
        os.utime(self.database, (SAVED_AT, SAVED_AT))

    def check(self) -> DataLost | None:
        return DatabaseRepair(self.files, lambda: self.now).check()

    @property
    def kept(self) -> list[Path]:
        return sorted(self.directory.glob("*.corrupt-*"))

    @property
    def sessions(self) -> int:
        return checked(self.database.read_bytes()).counts[Kind.SESSION]


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path)


def test_intact_one_is_not_changed(volume: Volume) -> None:
    before = volume.database.stat()
    assert volume.check() is None
    assert (volume.database.stat(), volume.database.read_bytes()) == (before, DATABASE)
    assert {each.name for each in volume.directory.iterdir()} == {"mosquitto.db", "mosquitto.db.sessions"}
    assert volume.files.loss() is None


def test_first_start_has_lost_nothing(tmp_path: Path) -> None:
    assert DatabaseRepair(DatabaseVolume(tmp_path / "mosquitto.db"), lambda: NOON).check() is None
    assert not list(tmp_path.iterdir())


DAMAGES = {"empty": b"", "NULs": bytes(len(DATABASE)), "20 bytes cut off": DATABASE[:-20]}


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
def test_damaged_one_is_kept_and_replaced(volume: Volume, content: bytes) -> None:
    volume.put(content)
    loss = volume.check()
    assert loss is not None
    assert (loss.found, loss.since) == (NOON, datetime.fromtimestamp(SAVED_AT, UTC))
    assert [each.name for each in volume.kept] == [loss.kept] == ["mosquitto.db.corrupt-20261130T120000.000000Z"]
    assert volume.kept[0].read_bytes() == content
    assert (volume.sessions, volume.files.loss()) == (2, loss)
    assert volume.check() is None, "the replacement is intact"
    assert volume.files.loss() == loss, "the loss is still to be reported"


@pytest.mark.parametrize("more", [b"", message(1) + retained(1)], ids=["nothing", "retained messages"])
def test_one_that_mosquitto_has_overwritten_without_its_sessions_gets_them_back(volume: Volume, more: bytes) -> None:
    volume.put(header() + config() + more)
    loss = volume.check()
    assert loss is not None
    assert loss.reason == "none of 2 sessions is left"
    assert volume.sessions == 2
    assert volume.check() is None


def test_copy_stays_if_a_running_mosquitto_has_no_session(volume: Volume) -> None:
    before = volume.files.sessions.read_bytes()
    volume.put(header() + config())
    DatabaseRepair(volume.files, lambda: volume.now).copy_sessions()
    assert volume.files.sessions.read_bytes() == before


def test_missing_one_is_replaced_by_the_copy(volume: Volume) -> None:
    volume.database.unlink()
    loss = volume.check()
    assert loss == DataLost("the file is missing", NOON)
    assert (volume.sessions, volume.kept) == (2, [])


def test_one_that_cannot_be_read_is_replaced(volume: Volume) -> None:
    volume.database.unlink()
    volume.database.mkdir()
    loss = volume.check()
    assert loss is not None
    assert "cannot be read" in loss.reason
    assert volume.sessions == 2
    assert volume.kept[0].is_dir()


def test_without_anything_intact_mosquitto_starts_without_one(volume: Volume) -> None:
    volume.files.sessions.unlink()
    volume.put(bytes(100))
    assert volume.check() is not None
    assert not volume.database.exists()
    assert len(volume.kept) == 1


def test_damaged_copy_is_not_used(volume: Volume) -> None:
    volume.files.sessions.write_bytes(volume.files.sessions.read_bytes()[:-1])
    volume.put(DATABASE[:-20])
    assert volume.check() is not None
    assert volume.sessions == 2, "those of the intact part"


def test_the_newest_damaged_ones_are_kept(volume: Volume) -> None:
    for hour in range(MAX_KEPT + 2):
        volume.now = NOON.replace(hour=hour)
        volume.put(b"%d" % hour)
        assert volume.check() is not None
    assert [each.read_bytes() for each in volume.kept] == [b"2", b"3"]


def test_full_volume_costs_the_intact_part_and_not_the_sessions(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_volume, "MIN_FREE_BYTES", 2**62)
    volume.put(DATABASE[:-20])
    assert volume.check() is not None
    assert volume.database.read_bytes() == volume.files.sessions.read_bytes()


def test_copy_that_cannot_be_written_is_no_damage(volume: Volume) -> None:
    (volume.directory / "mosquitto.db.sessions.draft").mkdir()
    with pytest.raises(OSError, match="directory"):
        volume.check()
    assert (volume.database.read_bytes(), volume.kept, volume.files.loss()) == (DATABASE, [], None)


def test_one_that_a_started_mosquitto_has_replaced_is_not_touched(volume: Volume) -> None:
    class Slow(DatabaseVolume):
        def note_loss(self, loss: DataLost) -> None:
            super().note_loss(loss)
            saved = self.database.with_suffix(".new")
            saved.write_bytes(DATABASE)
            saved.replace(self.database)

    volume.put(b"")
    loss = DatabaseRepair(Slow(volume.database), lambda: NOON).check()
    assert loss is not None
    assert (volume.database.read_bytes(), volume.kept, volume.files.loss()) == (DATABASE, [], loss)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"found": "x"}', b"[" * 5000, b"\xff"])
def test_unreadable_note_is_none(volume: Volume, content: bytes) -> None:
    (volume.directory / "mosquitto.db.loss").write_bytes(content)
    assert volume.files.loss() is None


AGENT = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from edge_broker_agent.database.repair import DatabaseRepair
from edge_broker_agent.database.volume import DatabaseVolume
database, steps = Path(sys.argv[1]), int(sys.argv[2])
def count(event, arguments):
    global steps
    if event in {"open", "os.rename", "os.link", "os.remove"} and str(database) in str(arguments[0]):
        steps -= 1
        if steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
DatabaseRepair(DatabaseVolume(database), lambda: datetime.now(UTC)).check()
"""


@pytest.mark.process
def test_agent_that_is_killed_before_any_step_has_its_work_finished_by_the_next(tmp_path: Path) -> None:
    for steps in range(100):
        (tmp_path / str(steps)).mkdir()
        volume = Volume(tmp_path / str(steps))
        volume.put(DATABASE[:-20])
        command = [sys.executable, "-c", AGENT, str(volume.database), str(steps)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert volume.database.exists(), "at no moment is there none"
        volume.check()
        assert (volume.sessions, [each.read_bytes() for each in volume.kept]) == (2, [DATABASE[:-20]])
        assert volume.files.loss() is not None
        assert not list(volume.directory.glob("*.draft"))
        if done.returncode == 0:
            assert steps > 10, "there are fewer steps than expected"
            return
        assert done.returncode == -signal.SIGKILL, done.stderr
    pytest.fail("it never ends")
