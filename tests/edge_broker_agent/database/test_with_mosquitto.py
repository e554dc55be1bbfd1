"""The check against a real Mosquitto: what it would do with a damaged database, and what it does after the repair."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_broker_agent.database.bodies import Kind
from edge_broker_agent.database.contents import Contents
from edge_broker_agent.database.damage import DamagedError
from edge_broker_agent.database.repair import DatabaseRepair
from edge_broker_agent.database.volume import DatabaseVolume
from edge_operator.identity.logins import GATEWAY, OPERATOR, PROCESSOR
from edge_wire.messages import DataLost
from tests.edge_broker_agent.database.samples import checked
from tests.support.mosquitto import Mosquitto, MosquittoFactory
from tests.support.processes import eventually

pytestmark = pytest.mark.process

DEVICE = "d1"
READINGS = 20
PROPERTIES = ("user-property a b", "content-type json", "message-expiry-interval 600", "response-topic r/t")


class Site:
    """A broker with sessions that are offline, messages queued for them and retained ones; it has been stopped."""

    def __init__(self, broker: Mosquitto) -> None:
        self.broker = broker
        self.database = Path(broker.layout.data_dir) / "mosquitto.db"
        durable = ("-c", "-x", "3600", "-E", "-q", "1", "-D", "subscribe", "subscription-identifier", "300")
        self._run("mosquitto_sub", PROCESSOR, *durable, "-t", "devices/+/data")
        self._run("mosquitto_sub", GATEWAY, *durable, "-t", "devices/+/status")
        options = [word for each in PROPERTIES for word in ("-D", "publish", *each.split())]
        for number in range(READINGS):
            self._run("mosquitto_pub", DEVICE, "-q", "1", "-t", f"devices/{DEVICE}/data", "-m", f"{number}", *options)
        self._run("mosquitto_pub", OPERATOR, "-r", "-q", "1", "-t", f"edge/roster/{DEVICE}", "-m", "{}")
        broker.stop()
        self.saved = self.database.read_bytes()

    def repair(self) -> DataLost | None:
        return DatabaseRepair(DatabaseVolume(self.database), lambda: datetime.now(UTC)).check()

    def start(self) -> Contents:
        """Start the broker and return what it has restored."""
        before = len(self.broker.log.read_text())
        self.broker.start()
        assert "Error" not in self.broker.log.read_text()[before:]
        self.broker.stop()
        return checked(self.database.read_bytes())

    def _run(self, program: str, username: str, *arguments: str) -> None:
        command = [str(self.broker.programs / program), *self.broker.arguments(username), *arguments]
        subprocess.run(command, check=True, timeout=30)


@pytest.fixture(scope="module")
def used(module_mosquitto: MosquittoFactory) -> Site:
    """The broker of this module, with what it saved when it was stopped."""
    return Site(module_mosquitto([DEVICE]))


@pytest.fixture
def site(used: Site) -> Site:
    """The broker with its database as it was saved, and the copy of its sessions."""
    for path in used.database.parent.glob("mosquitto.db*"):
        path.unlink()
    used.database.write_bytes(used.saved)
    assert used.repair() is None
    return used


def test_what_it_saves_is_intact_and_stays_as_it_is(site: Site) -> None:
    counts = checked(site.saved).counts
    assert [counts[kind] for kind in (Kind.SESSION, Kind.SUBSCRIPTION, Kind.QUEUED)] == [2, 2, READINGS]
    assert site.start().counts == counts


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "20 bytes cut off": lambda saved: saved[:-20],
    "half of it cut off": lambda saved: saved[: len(saved) // 2],
    "NULs at the end": lambda saved: saved[:-200] + bytes(200),
    "NULs in the middle": lambda saved: saved[:1000] + bytes(512) + saved[1512:],
    "NULs only": lambda saved: bytes(len(saved)),
    "a topic that is not UTF-8": lambda saved: saved.replace(b"edge/roster", b"edge\xffroster", 1),
    "a bit of a length": lambda saved: saved[:26] + bytes([saved[26] ^ 0x40]) + saved[27:],
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_after_the_repair_of_a_damaged_one_it_starts_with_every_session(
    site: Site, damage: Callable[[bytes], bytes]
) -> None:
    site.database.write_bytes(damage(site.saved))
    loss = site.repair()
    assert loss is not None
    assert (site.database.parent / loss.kept).read_bytes() == damage(site.saved)
    restored = site.start().counts
    assert [restored[kind] for kind in (Kind.SESSION, Kind.SUBSCRIPTION)] == [2, 2]


def test_repair_keeps_the_queue_if_only_the_end_is_damaged(site: Site) -> None:
    site.database.write_bytes(site.saved[:-20])
    site.repair()
    restored = site.start().counts
    assert (restored[Kind.QUEUED], restored[Kind.RETAINED]) == (READINGS, 0)


def test_without_the_repair_it_exits_and_overwrites_its_database(site: Site) -> None:
    site.database.write_bytes(site.saved[: len(site.saved) // 4 + 3])
    site.broker.launch()
    eventually("it has ended", lambda: not site.broker.alive)
    assert checked(site.database.read_bytes()).counts[Kind.SESSION] == 0, "this is why the agent checks it before"
    loss = site.repair()
    assert loss is not None
    assert loss.reason == "none of 2 sessions is left"
    assert site.start().counts[Kind.SESSION] == 2


def test_draft_of_a_save_that_a_crash_ended_is_no_obstacle(site: Site) -> None:
    draft = site.database.with_name("mosquitto.db.new")
    draft.write_bytes(site.saved[:100])
    assert site.repair() is None
    assert site.start().counts == checked(site.saved).counts
    assert not draft.exists()


def test_verdict_of_every_cut_and_flip_is_at_least_as_strict_as_that_of_mosquitto(site: Site, tmp_path: Path) -> None:
    dump = shutil.which("mosquitto_db_dump", path=str(site.broker.programs))
    if dump is None:
        pytest.skip("this Mosquitto was installed without mosquitto_db_dump")
    path = tmp_path / "damaged.db"
    cuts = [site.saved[:end] for end in range(0, len(site.saved), 97)]
    flips = [
        site.saved[:position] + bytes([site.saved[position] ^ 1 << position % 8]) + site.saved[position + 1 :]
        for position in range(0, len(site.saved), 53)
    ]
    for content in (*cuts, *flips):
        path.write_bytes(content)
        refused = subprocess.run([dump, "--stats", str(path)], capture_output=True, check=False, timeout=30).returncode
        if refused:
            with pytest.raises(DamagedError):
                checked(content)
