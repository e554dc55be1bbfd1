"""A pause delays no revocation and no deletion: logins leave the broker's Secrets, and nothing else is changed."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from edge_operator.desired.kinds import SECRET
from tests.support.devices import Devices
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

REVOKED_WITHIN = 2.0
"""Seconds that the operator has of the five in which a device is to be cut off; the rest is the broker agent's."""

CLIENTS = [{"name": "scada", "subscribe": ["alerts/#"]}, {"name": "flows", "subscribe": ["alerts/#"]}]

COLLECTED_SECONDS = 90
"""The garbage collector looks for new kinds of owner every 30 s."""


@pytest.fixture
def devices(sites: Sites) -> Devices:
    """A paused site with three devices and two further clients."""
    name = f"s{uuid4().hex[:8]}"
    devices = Devices(sites, name)
    sites.apply(name, {"broker": {"managed": {"clients": CLIENTS}}})
    for device in ("d1", "d2", "d3"):
        devices.apply(f"{name}-{device}", deviceId=device)
    for device in ("d1", "d2", "d3"):
        devices.await_login(device)
        devices.await_reason(f"{name}-{device}", "Ready", "Reconciled")
    pause(devices)
    return devices


def pause(devices: Devices, **spec: object) -> None:
    devices.sites.apply(devices.site, {"paused": True, "broker": {"managed": {"clients": CLIENTS}}, **spec})
    eventually("it is paused", lambda: devices.sites.status(devices.site).get("phase") == "Paused")
    devices.sites.await_reconciled(devices.site)


def waiting(devices: Devices) -> str:
    ready = devices.sites.condition(devices.site, "Ready")
    return str(ready["message"]) if ready["reason"] == "Paused" else ""


@pytest.fixture
def changed(devices: Devices, writes: OperatorWrites) -> Iterator[OperatorWrites]:
    """What was written since the site was paused: of all children one shard may be, and it once."""
    devices.sites.settle(devices.site)
    writes.restart()
    yield writes
    devices.sites.settle(devices.site)
    assert writes.to_children() == {f"secrets/{devices.site}-mqtt-auth-0": 1}


@pytest.mark.parametrize("way", ["disable", "delete"])
def test_device(way: str, devices: Devices, changed: OperatorWrites) -> None:
    before, device = devices.logins(), f"{devices.site}-d1"
    if way == "disable":
        devices.apply(device, deviceId="d1", disabled=True)
    else:
        devices.delete(device)
    eventually("it is revoked", lambda: "d1" not in devices.logins())
    shard = f"secrets/{devices.site}-mqtt-auth-0"
    assert changed.seconds_after(f"edgedevices/{device}", shard) < REVOKED_WITHIN
    del before["d1"]
    assert devices.logins() == before, "no other line has changed"
    assert not waiting(devices), "nothing waits: all that was asked for is done"


def test_others_wait(devices: Devices, changed: OperatorWrites) -> None:
    name = devices.site
    before = devices.logins()
    devices.apply(f"{name}-d2", deviceId="d2", credentials={"rotation": 1, "switchAfter": "0s"})
    devices.apply(f"{name}-d9", deviceId="d9")
    devices.await_reason(f"{name}-d9", "CredentialsReady", "SitePaused")
    devices.await_reason(f"{name}-d2", "CredentialsReady", "SitePaused")
    assert devices.secret(f"{name}-d9-device-credentials") is None
    devices.apply(f"{name}-d1", deviceId="d1", disabled=True)
    eventually("it is revoked", lambda: "d1" not in devices.logins())
    del before["d1"]
    assert devices.logins() == before
    eventually(
        "the shard still waits", lambda: f"Secret {devices.sites.namespace}/{name}-mqtt-auth-0" in waiting(devices)
    )


def test_what_was_revoked_comes_back_after_the_pause(devices: Devices) -> None:
    name = devices.site
    before = devices.logins()
    devices.apply(f"{name}-d1", deviceId="d1", disabled=True)
    eventually("it is revoked", lambda: "d1" not in devices.logins())
    devices.apply(f"{name}-d1", deviceId="d1")
    eventually("its login waits", lambda: f"{name}-mqtt-auth-0" in waiting(devices))
    assert "d1" not in devices.logins()
    devices.sites.apply(name, {"broker": {"managed": {"clients": CLIENTS}}})
    eventually("it is there again", lambda: devices.logins() == before)


def test_further_client(devices: Devices, writes: OperatorWrites) -> None:
    name, namespace = devices.site, devices.sites.namespace
    before = devices.logins()
    devices.sites.settle(name)
    writes.restart()
    pause(devices, broker={"managed": {"clients": CLIENTS[1:]}})
    eventually("it is revoked", lambda: "~scada" not in devices.logins())
    del before["~scada"]
    assert devices.logins() == before
    devices.sites.settle(name)
    assert writes.to_children() == {f"secrets/{name}-mqtt-auth": 1}
    assert f"removal of Secret {namespace}/{name}-client-scada" in waiting(devices)
    assert devices.sites.child(SECRET, f"{name}-client-scada") is not None


def test_move_to_an_external_broker_waits_and_revocations_do_not(devices: Devices) -> None:
    name = devices.site
    before = devices.logins()
    external = {"type": "External", "external": {"url": "mqtts://broker.invalid:8883"}}
    devices.sites.apply(name, {"paused": True, "broker": external})
    devices.sites.await_reconciled(name)
    devices.delete(f"{name}-d1")
    eventually("it is revoked", lambda: "d1" not in devices.logins())
    del before["d1"]
    assert devices.logins() == before


def test_site_without_its_root_key(devices: Devices, make_operator: OperatorFactory, operator: OperatorProcess) -> None:
    """A new leader does not know the key of a paused site whose root Secret is lost; who is revoked, it does."""
    name = devices.site
    devices.sites.api("DELETE", kind_path(SECRET, devices.sites.namespace, f"{name}-root"))
    operator.stop()
    operator.start().await_leading()
    eventually("everything waits", lambda: "everything" in waiting(devices))
    before = devices.logins()
    devices.delete(f"{name}-d1")
    eventually("it is revoked", lambda: "d1" not in devices.logins())
    del before["d1"]
    assert devices.logins() == before


def test_what_the_garbage_collector_does(devices: Devices, operator: OperatorProcess) -> None:
    name = devices.site
    devices.delete(f"{name}-d2")
    gone = f"{name}-d2-device-credentials"
    eventually("the Secret of a device goes with it", lambda: devices.secret(gone) is None, COLLECTED_SECONDS)
    devices.sites.delete(name)

    def left() -> list[str]:
        """Return what is left but data and key; the Secrets of devices go with their devices."""
        kept = ("-root", "-data", "-log", "-device-credentials")
        return [child for _, child in devices.sites.children(name) if not child.endswith(kept)]

    eventually("all goes with it but its data and its key", lambda: not left(), COLLECTED_SECONDS)
    devices.await_reason(f"{name}-d1", "Ready", "SiteNotFound")
