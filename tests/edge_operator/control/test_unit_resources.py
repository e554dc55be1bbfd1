"""Resources that go and come again under the same name: news of the old one tells nothing of the new one."""

from edge_operator.control.resources import DeviceStore
from edge_operator.control.store import REMEMBERED_DELETIONS
from tests.edge_operator.control.lives import device

PUMP = ("factory", "pump")


def _devices() -> DeviceStore:
    return DeviceStore(lambda *_: None)


def _uid(devices: DeviceStore) -> str | None:
    found = devices.get(PUMP)
    return None if found is None else found.claim.uid


def test_answer_that_comes_after_the_deletion_brings_nothing_back() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.drop(PUMP, "old")
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) is None, "its login would be let in again"


def test_deletion_that_comes_after_the_new_one_takes_nothing_away() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.put(device(uid="new", version=4).body)
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) == "new"
    devices.drop(PUMP, "old")
    assert _uid(devices) == "new"
    devices.drop(PUMP, "new")
    assert _uid(devices) is None


def test_deletion_of_what_was_never_seen_is_remembered() -> None:
    devices = _devices()
    devices.drop(PUMP, "old")
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) is None


def test_deletions_are_not_remembered_for_ever() -> None:
    devices = _devices()
    for number in range(2 * REMEMBERED_DELETIONS):
        devices.drop(PUMP, f"uid-{number}")
    assert len(devices._gone) == REMEMBERED_DELETIONS  # noqa: SLF001 - what grows is not seen from outside
