"""Resources that go and come again under the same name: news of the old one tells nothing of the new one."""

from typing import Any

from edge_operator.control.cache.child_cache import MAX_TOMBSTONES, ResourceKey
from edge_operator.control.cache.resource_cache import DeviceCache
from tests.edge_operator.control.samples import device

PUMP = ("factory", "pump")
PLANT, HALL = ("factory", "plant"), ("factory", "hall")
BROUGHT = ("factory", "brought")
OWN: dict[str, Any] = {"credentials": {"existingSecretRef": {"name": "brought"}}}


def _devices() -> DeviceCache:
    return DeviceCache(lambda *_: None)


def _uid(devices: DeviceCache) -> str | None:
    found = devices.get(PUMP)
    return None if found is None else found.owner_ref.uid


def test_answer_that_comes_after_the_deletion_brings_nothing_back() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.delete(PUMP, "old")
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) is None, "its login would be let in again"


def test_answer_that_comes_after_a_list_without_it_brings_nothing_back() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.delete(PUMP)
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) is None


def test_deletion_that_comes_after_the_new_one_takes_nothing_away() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.put(device(uid="new", version=4).body)
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) == "new"
    devices.delete(PUMP, "old")
    assert _uid(devices) == "new"
    devices.delete(PUMP, "new")
    assert _uid(devices) is None


def test_deletion_of_what_was_never_seen_is_remembered() -> None:
    devices = _devices()
    devices.delete(PUMP, "old")
    devices.put(device(uid="old", version=2).body)
    assert _uid(devices) is None


def test_answer_for_one_that_was_replaced_brings_nothing_back() -> None:
    devices = _devices()
    devices.put(device(uid="old", version=1).body)
    devices.put(device(uid="new", version=4).body)
    devices.delete(PUMP, "new")
    devices.put(device(uid="old", version=9).body)
    assert _uid(devices) is None


def test_elder_is_found_first_whichever_came_first() -> None:
    devices = _devices()
    devices.put(device("twin", deviceId="pump", created="2026-12-01T00:00:00Z").body)
    devices.put(device().body)
    assert [each.key[1] for each in devices.by_device_id(PLANT, "pump")] == ["pump", "twin"]


def test_id_owners_are_in_the_order_of_their_identifiers() -> None:
    devices = _devices()
    for name in "fbdaceg":
        devices.put(device(name).body)
    assert [each.device_id for each in devices.id_owners(PLANT)] == list("abcdefg"), (
        "the password file must stay the same"
    )


def test_nothing_is_kept_of_sites_and_identifiers_without_devices() -> None:
    devices = _devices()
    devices.put(device(**OWN).body)
    devices.delete(PUMP)
    kept = devices._by_site, devices._by_device_id, devices._by_secret  # noqa: SLF001 - what grows is not seen from outside
    assert kept == ({}, {}, {})


def test_deletions_are_not_remembered_for_ever() -> None:
    devices = _devices()
    for number in range(2 * MAX_TOMBSTONES):
        devices.delete(PUMP, f"uid-{number}")
    assert len(devices._tombstones) == MAX_TOMBSTONES  # noqa: SLF001 - what grows is not seen from outside
    devices.put(device(uid=f"uid-{2 * MAX_TOMBSTONES - 1}").body)
    assert _uid(devices) is None, "the last are remembered"


def _found(devices: DeviceCache, site: ResourceKey = PLANT, device_id: str = "pump") -> list[list[str]]:
    """Return the names of the devices as they are found by site, identifier, Secret, and as holders."""
    ways = (
        devices.by_site(site),
        devices.by_device_id(site, device_id),
        devices.by_secret(BROUGHT),
        devices.id_owners(site),
    )
    return [[each.key[1] for each in found] for found in ways]


def test_dropped_device_is_found_by_nothing_any_more() -> None:
    devices = _devices()
    devices.put(device(**OWN).body)
    assert _found(devices) == [["pump"], ["pump"], ["pump"], ["pump"]]
    devices.delete(PUMP)
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
    assert devices.by_device_id(PLANT, "pump")[0].key == PUMP
    devices.delete(PUMP)
    assert _found(devices) == [["twin"], ["twin"], ["twin"], ["twin"]]
