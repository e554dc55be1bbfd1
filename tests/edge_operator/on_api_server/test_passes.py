"""How many reconciles a change causes, by the operator's own count, and that edits of a status are still corrected."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.devices import Devices
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites

SITE, DEVICE = "hall", "pump"
QUIET_SECONDS = 1.0


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    # What no watch reports is not checked again within this module.
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="3600", EDGE_FIGURES_SECONDS="1").start().await_leading()


@pytest.fixture(scope="module")
def devices(sites: Sites) -> Devices:
    sites.apply(SITE)
    sites.await_reconciled(SITE)
    devices = Devices(sites, SITE)
    devices.apply(DEVICE)
    devices.await_reason(DEVICE, "CredentialsReady", "InClusterOnly")
    eventually("its life is told", lambda: any(each["type"] == "Connected" for each in conditions(devices)))
    eventually("it is counted", lambda: sites.status(SITE)["devices"]["total"] == 1)
    return devices


def conditions(devices: Devices) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = devices.get(DEVICE)["status"]["conditions"]
    return found


def await_quiet(operator: OperatorProcess, kind: str) -> float:
    """Return the number of reconciles of a kind once none has come for a while."""
    counted, since = -1.0, time.monotonic()

    def is_quiet() -> bool:
        nonlocal counted, since
        if (now := operator.metric("edge_reconciles_total", kind=kind)) != counted:
            counted, since = now, time.monotonic()
        return time.monotonic() - since >= QUIET_SECONDS

    eventually(f"no reconcile of an {kind} for {QUIET_SECONDS} s", is_quiet)
    return counted


def test_change_of_the_spec_is_one_reconcile_and_the_status_it_writes_is_none(
    devices: Devices, operator: OperatorProcess
) -> None:
    sites, changes = devices.sites, 5
    before = await_quiet(operator, "EdgeSite")
    for number in range(changes):
        sites.api.merge(sites.path(SITE), {"spec": {"devices": {"offlineAfter": f"{1000 + number}s"}}})
        sites.await_reconciled(SITE)
    assert await_quiet(operator, "EdgeSite") - before == changes


def test_change_of_a_device_is_one_reconcile_and_the_status_it_writes_is_none(
    devices: Devices, operator: OperatorProcess
) -> None:
    changes = 5
    before = await_quiet(operator, "EdgeDevice")
    for number in range(changes):
        devices.apply(DEVICE, displayName=f"Pump {number}")
        devices.await_reason(DEVICE, "Ready", "Reconciled")
    assert await_quiet(operator, "EdgeDevice") - before == changes


def test_label_is_no_reason_to_reconcile(devices: Devices, operator: OperatorProcess) -> None:
    sites = devices.sites
    before = await_quiet(operator, "EdgeSite")
    for number in range(5):
        sites.api.merge(sites.path(SITE), {"metadata": {"labels": {"rack": str(number)}}})
    assert await_quiet(operator, "EdgeSite") == before


def test_status_is_written_although_the_site_is_changed_at_the_same_time(devices: Devices) -> None:
    """The write of the status fails if a label has changed meanwhile, and the label's event is no reason to retry."""
    sites = devices.sites
    for number in range(8):
        sites.api.merge(sites.path(SITE), {"spec": {"devices": {"offlineAfter": f"{2000 + number}s"}}})
        for label in range(5):
            sites.api.merge(sites.path(SITE), {"metadata": {"labels": {"rack": f"{number}-{label}"}}})
        sites.await_reconciled(SITE, 5)


def without_condition(status: dict[str, Any], condition_type: str) -> list[dict[str, Any]]:
    return [each for each in status["conditions"] if each["type"] != condition_type]


EDITS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "a phase": lambda _: {"phase": "Pending"},
    "an older generation": lambda _: {"observedGeneration": 1},
    "a condition": lambda status: {"conditions": without_condition(status, "Available")},
    "the components": lambda _: {"components": None},
    "everything": dict.fromkeys,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_status_of_a_site_that_somebody_has_edited_comes_back_in_one_reconcile(
    devices: Devices, operator: OperatorProcess, edit: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    sites = devices.sites
    before = await_quiet(operator, "EdgeSite")
    status = sites.status(SITE)
    edited = sites.api.merge(f"{sites.path(SITE)}/status", {"status": edit(status)})
    assert timeless(edited.get("status")) != timeless(status)
    eventually("the status is as it was", lambda: timeless(sites.status(SITE)) == timeless(status))
    assert await_quiet(operator, "EdgeSite") - before == 1


def timeless(status: dict[str, Any] | None) -> dict[str, Any]:
    """Return a status without the times of its conditions: one that was lost begins now."""
    found = {each["type"]: {**each, "lastTransitionTime": ""} for each in (status or {}).get("conditions") or ()}
    return {**(status or {}), "conditions": found}


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"status": "True"}, id="another status"),
        pytest.param({"reason": "LastWill"}, id="another reason"),
        pytest.param({"type": "Other"}, id="removed"),
    ],
)
def test_condition_connected_of_a_device_that_somebody_has_edited_comes_back(
    devices: Devices, edit: dict[str, str]
) -> None:
    def connected() -> tuple[str, str] | None:
        found = [(each["status"], each["reason"]) for each in conditions(devices) if each["type"] == "Connected"]
        return found[0] if found else None

    before = connected()
    edited = [each | edit if each["type"] == "Connected" else each for each in conditions(devices)]
    devices.sites.api.merge(f"{devices.path(DEVICE)}/status", {"status": {"conditions": edited}})
    eventually("the condition is as it was", lambda: connected() == before)
