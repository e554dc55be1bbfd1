"""A rotation of a device's password with the real parts: whatever the Secret has as `password` logs in."""

import datetime as dt
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_operator.control.credentials.rotation import RFC3339
from tests.support.broker_pod import MakeSite, SiteWithPod
from tests.support.mosquitto import HOST
from tests.support.processes import OperatorFactory, eventually

SECRET = "press-device-credentials"
SWITCH_SECONDS = 20

pytestmark = pytest.mark.process


def accepts(made: SiteWithPod, password: str) -> bool:
    """Return whether the broker accepts the device with a password, on a connection of its own."""
    answers: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="press", reconnect_on_failure=False)
    client.username_pw_set("press", password)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(not reason.is_failure)
    client.connect(HOST, made.pod.broker.layout.mqtt)
    client.loop_start()
    try:
        return bool(eventually("an answer of the broker", lambda: answers)[0])
    finally:
        client.disconnect()
        client.loop_stop()


def secret(made: SiteWithPod) -> dict[str, str]:
    found = made.site.devices.secret(SECRET)
    assert found is not None
    return found


def status(made: SiteWithPod) -> dict[str, Any]:
    return made.site.status("press")


def test_device_that_restarts_in_the_middle_of_a_rotation_is_accepted(
    site_with_pod: MakeSite, make_operator: OperatorFactory
) -> None:
    made = site_with_pod("press")
    make_operator(EDGE_BROKER_ADDRESSES=made.site.address).start().await_leading()
    made.start()
    before = secret(made)
    assert not before.keys() & {"nextPassword", "switchTime"}
    assert accepts(made, before["password"])

    switch = f"{SWITCH_SECONDS}s"
    made.site.devices.apply("press", offlineAfter="1m", credentials={"rotation": 1, "switchAfter": switch})
    next_password = eventually("the next password", lambda: secret(made).get("nextPassword"))
    during = secret(made)
    assert during["password"] == before["password"] != next_password
    left = dt.datetime.strptime(during["switchTime"], RFC3339).replace(tzinfo=dt.UTC) - dt.datetime.now(dt.UTC)
    assert 0 < left.total_seconds() <= SWITCH_SECONDS
    shown = eventually("the time in the status", lambda: status(made).get("passwordSwitchTime"))
    assert shown == during["switchTime"]
    message = made.site.devices.condition("press", "CredentialsReady")[2]
    assert f"nextPassword replaces password at {shown}" in message
    assert accepts(made, during["password"]), "the device has restarted, and reads its Secret"
    assert not accepts(made, next_password), "not yet"

    eventually("the switch", lambda: "nextPassword" not in secret(made), SWITCH_SECONDS + 10)
    after = secret(made)
    assert (after["password"], "switchTime" in after) == (next_password, False)
    assert dt.datetime.now(dt.UTC) >= dt.datetime.strptime(shown, RFC3339).replace(tzinfo=dt.UTC)
    eventually("the broker accepts it", lambda: accepts(made, after["password"]))
    assert not accepts(made, before["password"])
    eventually("no time in the status", lambda: "passwordSwitchTime" not in status(made))
