"""Devices get their logins, and keep them: on a real API server."""

import base64
import contextlib
import datetime as dt
import hashlib
import json
import time

import pytest

from edge_operator.api.schema import API_VERSION
from edge_operator.desired.kinds import DEPLOYMENT, SECRET
from tests.support.devices import Devices
from tests.support.processes import OperatorProcess, eventually
from tests.support.rawapi import RawApiError
from tests.support.served_certificates import served
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

SITE = "hall"


@pytest.fixture(scope="module")
def devices(sites: Sites) -> Devices:
    sites.apply(SITE)
    sites.await_reconciled(SITE)
    return Devices(sites, SITE)


def check_password(line: str, password: str) -> bool:
    """As Mosquitto checks it: PBKDF2 of the password with the line's own salt and iterations."""
    _, _, iterations, salt, digest = line.split("$")
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations))
    return made == base64.b64decode(digest)


def test_device_gets_a_login_that_the_broker_takes(devices: Devices) -> None:
    devices.apply("pump-1", type="pump")
    message = devices.await_reason("pump-1", "CredentialsReady", "InClusterOnly")
    assert "gateway.service.externalAddress" in message
    assert devices.condition("pump-1", "Ready")[:2] == ("True", "Reconciled")
    assert devices.get("pump-1")["status"]["deviceId"] == "pump-1"
    secret = devices.secret("pump-1-device-credentials")
    assert secret is not None
    host = f"{SITE}-gateway.{devices.sites.namespace}.svc"
    assert {key: secret[key] for key in ("username", "host", "port", "url")} == {
        "username": "pump-1",
        "host": host,
        "port": "8883",
        "url": f"mqtts://{host}:8883",
    }
    assert json.loads(secret["oscore.json"]).keys() >= {"sender-id_hex", "recipient-id_hex", "secret_hex"}
    assert secret["ca.crt"] == (devices.secret(f"{SITE}-mqtt-tls") or {})["ca.crt"]
    assert check_password(devices.await_login("pump-1"), secret["password"])


def test_secret_follows_when_the_gateway_gets_a_certificate(devices: Devices) -> None:
    devices.apply("meter-1")
    devices.await_reason("meter-1", "Ready", "Reconciled")
    name = "meter-1-device-credentials"
    assert "httpsUrl" not in (devices.secret(name) or {})
    path, now = devices.sites.path(SITE), dt.datetime.now(dt.UTC)
    made = served(f"{SITE}-gateway.{devices.sites.namespace}.svc", begin=now, end=now + dt.timedelta(days=90))
    devices.sites.put_secret("https", tls_crt=made.certificate, tls_key=made.key)
    devices.sites.api.merge(path, {"spec": {"gateway": {"tls": {"secretRef": {"name": "https"}}}}})
    url = f"https://{SITE}-gateway.{devices.sites.namespace}.svc:443"
    eventually("its URL", lambda: (devices.secret(name) or {}).get("httpsUrl") == url)
    devices.sites.api.merge(path, {"spec": {"gateway": {"tls": None}}})
    eventually("no URL", lambda: "httpsUrl" not in (devices.secret(name) or {}))


def test_lost_or_edited_secret_comes_back_as_it_was(devices: Devices, writes: OperatorWrites) -> None:
    devices.apply("pump-2", deviceId="P.2")
    devices.await_reason("pump-2", "Ready", "Reconciled")
    name = "pump-2-device-credentials"
    before = devices.secret(name)
    assert before is not None
    assert before["username"] == "P.2"
    path = kind_path(SECRET, devices.sites.namespace, name)
    for change in ("delete", "edit"):
        writes.restart()
        if change == "delete":
            devices.sites.api("DELETE", path)
        else:
            devices.sites.api.merge(path, {"data": {"password": "bWluZQ==", "more": "bWluZQ=="}})
        eventually("it is as it was", lambda: devices.secret(name) == before, pause=0.02)
        assert writes.seconds_after(f"secrets/{name}", f"secrets/{name}") < 2, "G1"


def test_device_of_no_site_is_kept_until_there_is_one(devices: Devices, sites: Sites) -> None:
    early = Devices(sites, "late")
    early.apply("early-1")
    message = early.await_reason("early-1", "Ready", "SiteNotFound")
    assert f"{sites.namespace}/late" in message
    sites.apply("late")
    early.await_reason("early-1", "Ready", "Reconciled")
    early.await_login("early-1")
    sites.delete("late")
    early.await_reason("early-1", "Ready", "SiteNotFound")


def test_younger_of_two_with_one_identifier_waits_for_the_elder_to_go(devices: Devices) -> None:
    devices.apply("elder", deviceId="twin")
    devices.await_reason("elder", "Ready", "Reconciled")
    secret = devices.secret("elder-device-credentials")
    line = devices.await_login("twin")
    # Creation times have whole seconds; of two in the same the name decides.
    created = time.time()
    eventually("the next second", lambda: int(time.time()) > int(created), 2)
    devices.apply("younger", deviceId="twin")
    message = devices.await_reason("younger", "Ready", "DuplicateDeviceId")
    assert "elder" in message
    assert devices.secret("younger-device-credentials") is None
    assert devices.condition("elder", "Ready")[1] == "Reconciled"
    assert (devices.secret("elder-device-credentials"), devices.logins()["twin"]) == (secret, line)
    devices.delete("elder")
    devices.await_reason("younger", "Ready", "Reconciled")
    assert devices.await_login("twin") == line, "the password derives from the identifier"


def test_of_two_with_one_identifier_in_one_apply_the_first_by_name_has_it(devices: Devices) -> None:
    def created(name: str) -> str:
        return str(devices.get(name)["metadata"]["creationTimestamp"])

    def in_one_second() -> bool:
        for name in ("tie-b", "tie-a"):
            with contextlib.suppress(RawApiError):
                devices.delete(name)
        devices.apply("tie-b", deviceId="tie")
        devices.apply("tie-a", deviceId="tie")
        return created("tie-a") == created("tie-b")

    eventually("both are created in one second", in_one_second)
    devices.await_reason("tie-a", "Ready", "Reconciled")
    message = devices.await_reason("tie-b", "Ready", "DuplicateDeviceId")
    assert f"{devices.sites.namespace}/tie-a, which was created in the same second and is the first by name" in message


def test_somebody_elses_secret_is_left_alone(devices: Devices) -> None:
    cloud = {"endpoint": "https://cloud.example.com", "commands": "Enabled"}
    devices.sites.api.merge(devices.sites.path(SITE), {"spec": {"cloud": cloud}})
    eventually("the token of the cloud", lambda: devices.secret(f"{SITE}-cloud-token"))
    path = kind_path(SECRET, devices.sites.namespace, "")
    theirs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}, "stringData": {"a": "b"}}
    devices.sites.api("POST", path.rstrip("/"), theirs)
    for name in ("theirs", f"{SITE}-root", f"{SITE}-api-token", f"{SITE}-cloud-token"):
        before = devices.secret(name)
        device = f"thief-{name}"
        devices.apply(device, credentials={"secretName": name})
        message = devices.await_reason(device, "CredentialsReady", "SecretNotOurs")
        assert "credentials.secretName" in message
        is_ours = name != "theirs"
        assert (f"belongs to the EdgeSite {devices.sites.namespace}/{SITE}:" in message) is is_ours
        assert ("delete" in message) is not is_ours, "without its root Secret a site loses every login"
        assert devices.secret(name) == before
        devices.delete(device)


def test_disabled_device_is_shut_out_and_let_in_again(devices: Devices) -> None:
    devices.apply("valve")
    line = devices.await_login("valve")
    devices.apply("valve", disabled=True)
    eventually("its login is gone", lambda: "valve" not in devices.logins())
    devices.apply("valve", disabled=False)
    assert devices.await_login("valve") == line


def test_rotation_brings_the_secret_first_and_the_broker_a_while_later(devices: Devices) -> None:
    devices.apply("meter", credentials={"switchAfter": "3s"})
    line, before = devices.await_login("meter"), devices.secret("meter-device-credentials")
    assert before is not None
    begun = time.monotonic()
    devices.apply("meter", credentials={"rotation": 1, "switchAfter": "3s"})
    eventually("another password", lambda: devices.secret("meter-device-credentials") != before)
    during = devices.secret("meter-device-credentials")
    assert during is not None
    assert during["password"] == before["password"], "it still works"
    assert devices.logins()["meter"] == line
    eventually("another line", lambda: devices.logins()["meter"] != line)
    assert 2 <= time.monotonic() - begun < 8
    assert check_password(devices.logins()["meter"], during["nextPassword"])
    eventually("the Secret, too", lambda: "nextPassword" not in (devices.secret("meter-device-credentials") or {}))
    assert (devices.secret("meter-device-credentials") or {})["password"] == during["nextPassword"]


def test_rotation_outlasts_a_restart_of_the_operator(devices: Devices, operator: OperatorProcess) -> None:
    devices.apply("gauge", credentials={"switchAfter": "1h"})
    line = devices.await_login("gauge")
    devices.apply("gauge", credentials={"rotation": 5, "switchAfter": "1h"})
    devices.await_reason("gauge", "Ready", "Reconciled")
    secret = devices.secret("gauge-device-credentials")
    operator.stop()
    operator.start().await_leading()
    devices.apply("late-comer")
    devices.await_login("late-comer")
    assert (devices.logins()["gauge"], devices.secret("gauge-device-credentials")) == (line, secret)


def user_secret(devices: Devices, name: str, password: str, *, labelled: bool = True) -> None:
    labels = {"edge-stack.io/device-credentials": "true" if labelled else "false"}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": labels}}
    path = kind_path(SECRET, devices.sites.namespace, name)
    devices.sites.api.apply(path, body | {"stringData": {"password": password}}, "user")


def test_user_brings_the_password(devices: Devices) -> None:
    password = "a password of the user's own"
    devices.apply("robot", credentials={"existingSecretRef": {"name": "robot-login"}})
    message = devices.await_reason("robot", "CredentialsReady", "ExistingSecretNotFound")
    assert "edge-stack.io/device-credentials=true" in message
    user_secret(devices, "robot-login", password, labelled=False)
    user_secret(devices, "robot-login", "too short")
    devices.await_reason("robot", "CredentialsReady", "ExistingSecretInvalid")
    assert "robot" not in devices.logins()
    user_secret(devices, "robot-login", password)
    devices.await_reason("robot", "CredentialsReady", "ExistingSecret")
    assert check_password(devices.await_login("robot"), password)
    assert devices.secret("robot-device-credentials") is None
    user_secret(devices, "robot-login", password[::-1])
    eventually("the other password", lambda: check_password(devices.logins()["robot"], password[::-1]))
    user_secret(devices, "robot-login", password[::-1], labelled=False)
    devices.await_reason("robot", "CredentialsReady", "ExistingSecretNotFound")
    eventually("its login is gone", lambda: "robot" not in devices.logins())


def test_secret_without_the_label_is_never_read(devices: Devices) -> None:
    devices.apply("spy", credentials={"existingSecretRef": {"name": f"{SITE}-api-token"}})
    devices.await_reason("spy", "CredentialsReady", "ExistingSecretNotFound")
    assert "spy" not in devices.logins()


def test_device_that_takes_to_its_own_password_loses_the_one_made_for_it(devices: Devices) -> None:
    devices.apply("crane")
    devices.await_login("crane")
    user_secret(devices, "crane-login", "a password of the user's own")
    devices.apply("crane", credentials={"existingSecretRef": {"name": "crane-login"}})
    devices.await_reason("crane", "CredentialsReady", "ExistingSecret")
    eventually("no Secret of ours", lambda: devices.secret("crane-device-credentials") is None)


def test_secret_of_another_name_takes_the_place_of_the_first(devices: Devices) -> None:
    devices.apply("fan")
    devices.await_reason("fan", "Ready", "Reconciled")
    before = devices.secret("fan-device-credentials")
    devices.apply("fan", credentials={"secretName": "fan-login"})
    eventually("the new one", lambda: devices.secret("fan-login") == before)
    eventually("the old one is gone", lambda: devices.secret("fan-device-credentials") is None)


def test_deleted_device_takes_its_login_with_it(devices: Devices) -> None:
    devices.apply("lamp")
    devices.await_login("lamp")
    devices.delete("lamp")
    eventually("its login is gone", lambda: "lamp" not in devices.logins())
    eventually("its Secret is gone", lambda: devices.secret("lamp-device-credentials") is None, 90)


def test_external_broker_gives_out_its_own_logins(sites: Sites) -> None:
    devices = Devices(sites, "outside")
    sites.apply("outside")
    sites.await_reconciled("outside")
    devices.apply("cam")
    devices.await_reason("cam", "Ready", "Reconciled")
    sites.apply("outside", {"broker": {"type": "External", "external": {"url": "mqtts://broker.example.com"}}})
    devices.await_reason("cam", "CredentialsReady", "ExternalBroker")
    assert devices.condition("cam", "Ready")[0] == "True"
    eventually("its Secret is gone", lambda: devices.secret("cam-device-credentials") is None)
    sites.apply("outside")
    devices.await_reason("cam", "CredentialsReady", "InClusterOnly")
    assert devices.secret("cam-device-credentials") is not None


def test_outside_address_is_in_the_secret_of_every_device(sites: Sites) -> None:
    devices = Devices(sites, "reached")
    sites.apply("reached")
    for name in ("one", "two"):
        devices.apply(name)
        devices.await_reason(name, "CredentialsReady", "InClusterOnly")
    sites.apply("reached", {"gateway": {"service": {"externalAddress": "edge.example.com"}}})
    for name in ("one", "two"):
        devices.await_reason(name, "CredentialsReady", "CredentialsIssued")
        secret = devices.secret(f"{name}-device-credentials")
        assert secret is not None
        assert secret["host"] == "edge.example.com"


def test_restart_over_devices_writes_nothing_and_leaves_the_broker_alone(
    devices: Devices, operator: OperatorProcess, writes: OperatorWrites
) -> None:
    names = [f"unit-{number:02d}" for number in range(40)]
    for name in names:
        devices.apply(name)
    for name in names:
        devices.await_login(name)
    writes.await_quiet()
    broker = devices.sites.child(DEPLOYMENT, f"{SITE}-mqtt")
    assert broker is not None
    operator.stop()
    writes.restart()
    operator.start().await_leading()
    eventually("every device was looked at", lambda: operator.metric("edge_reconciles_total", kind="EdgeDevice") >= 40)
    writes.await_quiet()
    assert writes.all() == [], "G2"
    after = devices.sites.child(DEPLOYMENT, f"{SITE}-mqtt")
    assert after is not None
    assert after["metadata"]["generation"] == broker["metadata"]["generation"]


def test_device_of_a_kind_that_kubectl_lists(devices: Devices) -> None:
    selector = f"spec.siteRef.name={SITE},spec.type=pump"
    path = f"/apis/{API_VERSION}/namespaces/{devices.sites.namespace}/edgedevices"
    listed = devices.sites.api("GET", path, fieldSelector=selector)["items"]
    assert [item["metadata"]["name"] for item in listed] == ["pump-1"]
