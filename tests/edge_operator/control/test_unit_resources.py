"""Resources that go and come again under the same name: news of the old one tells nothing of the new one."""

from typing import Any

from edge_operator.control.resources import DeviceStore
from edge_operator.control.store import REMEMBERED_DELETIONS, ResourceKey
from tests.edge_operator.control.lives import device

PUMP = ("factory", "pump")
PLANT, HALL = ("factory", "plant"), ("factory", "hall")
BROUGHT = ("factory", "brought")
OWN: dict[str, Any] = {"credentials": {"existingSecretRef": {"name": "brought"}}}


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


def test_answer_that_comes_after_a_list_without_it_brings_nothing_back() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.drop(PUMP)
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) is None


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


def test_answer_for_one_that_was_replaced_brings_nothing_back() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.put(device(uid="new", version=4).body)
    devices.drop(PUMP, "new")
    devices.put(device(uid="old", version=9).body)
    assert _uid(devices) is None


def test_elder_is_found_first_whichever_came_first() -> None:
    devices = _devices()
    devices.put(device("twin", deviceId="pump", created="2026-12-01T00:00:00Z").body)
    devices.put(device().body)
    assert [each.key[1] for each in devices.of_id(PLANT, "pump")] == ["pump", "twin"]


def test_holders_are_in_the_order_of_their_identifiers() -> None:
    devices = _devices()
    for name in "fbdaceg":
        devices.put(device(name).body)
    assert [each.device_id for each in devices.holders(PLANT)] == list("abcdefg"), (
        "the password file must stay the same"
    )


def test_nothing_is_kept_of_sites_and_identifiers_without_devices() -> None:
    devices = _devices()
    devices.put(device(**OWN).body)
    devices.drop(PUMP)
    kept = devices._of_site, devices._of_id, devices._of_secret  # noqa: SLF001 - what grows is not seen from outside
    assert kept == ({}, {}, {})


def test_deletions_are_not_remembered_for_ever() -> None:
    devices = _devices()
    for number in range(2 * REMEMBERED_DELETIONS):
        devices.drop(PUMP, f"uid-{number}")
    assert len(devices._gone) == REMEMBERED_DELETIONS  # noqa: SLF001 - what grows is not seen from outside
    devices.put(device(uid=f"uid-{2 * REMEMBERED_DELETIONS - 1}").body)
    assert _uid(devices) is None, "the last are remembered"


def _found(devices: DeviceStore, site: ResourceKey = PLANT, device_id: str = "pump") -> list[list[str]]:
    """Return the names of the devices as they are found by site, identifier, Secret, and as holders."""
    ways = devices.of_site(site), devices.of_id(site, device_id), devices.of_secret(BROUGHT), devices.holders(site)
    return [[each.key[1] for each in found] for found in ways]


def test_dropped_device_is_found_by_nothing_any_more() -> None:
    devices = _devices()
    devices.put(device(**OWN).body)
    assert _found(devices) == [["pump"], ["pump"], ["pump"], ["pump"]]
    devices.drop(PUMP)
    assert _found(devices) == [[], [], [], []]
    devices.put(device(uid="another", **OWN).body)
    assert _found(devices) == [["pump"], ["pump"], ["pump"], ["pump"]]


def test_device_is_found_where_it_is_now() -> None:
    devices = _devices()
    devices.put(device(**OWN).body)
    devices.put(device(uid="another", version=2, siteRef={"name": "hall"}, deviceId="pump-2").body)
    assert _found(devices) == [[], [], [], []]
    assert _found(devices, HALL, "pump-2") == [["pump"], ["pump"], [], ["pump"]]


def test_drop_leaves_the_others_of_the_site_the_identifier_and_the_secret() -> None:
    devices = _devices()
    devices.put(device(**OWN).body)
    devices.put(device("twin", deviceId="pump", created="2026-12-01T00:00:00Z", **OWN).body)
    assert devices.of_id(PLANT, "pump")[0].key == PUMP
    devices.drop(PUMP)
    assert _found(devices) == [["twin"], ["twin"], ["twin"], ["twin"]]
