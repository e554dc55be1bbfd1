"""A broker that the user runs: its address, login and trust come from the spec and its Secrets, and are followed."""

from collections.abc import Iterator
from functools import partial

import pytest
from kubernetes import client

from edge_operator.desired.kinds import DEPLOYMENT, SECRET
from edge_operator.identity import logins
from edge_wire.messages import RosterEntry
from tests.support.brokered import CALM, BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.roster import put_entry, roster_of
from tests.support.sites import Sites, kind_path

LOGIN = "their-login"
DEVICE = "cam"


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


@pytest.fixture(scope="module")
def site(
    operator: OperatorProcess, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "outside", module_mosquitto([DEVICE])) as site:
        external = {
            "url": site.broker.components_url,
            "topicPrefix": "",
            "credentialsSecretRef": {"name": LOGIN},
        }
        site.sites.apply(site.name, {"devices": CALM, "broker": {"type": "External", "external": external}})
        yield site


def put_login(site: BrokeredSite, password: str, use: str = "true") -> None:
    site.sites.put_secret(LOGIN, use, username=logins.OPERATOR, password=password)


def await_reason(site: BrokeredSite, reason: str) -> None:
    eventually(reason, lambda: site.sites.condition(site.name, "BrokerConnected").get("reason") == reason)


def test_login_that_is_missing_unlabelled_wrong_and_right(site: BrokeredSite, operator: OperatorProcess) -> None:
    await_reason(site, "BrokerLoginUnusable")
    put_login(site, site.broker.passwords[logins.OPERATOR], use="false")
    label = f"run kubectl label secret {LOGIN} edge-stack.io/use=true"
    ready = partial(site.sites.condition, site.name, "Ready")
    eventually("the label is asked for", lambda: "does not have the label" in ready()["message"])
    assert (ready()["reason"], label in ready()["message"]) == ("SecretUnusable", True)
    assert site.sites.condition(site.name, "Stalled")["reason"] == "SecretUnusable"
    eventually("the broker's condition", lambda: label in site.sites.condition(site.name, "BrokerConnected")["message"])
    assert site.sites.child(DEPLOYMENT, f"{site.name}-gateway") is None, "the kubelet would mount the Secret"
    assert operator.metric("edge_broker_sessions") == 0
    put_login(site, "wrong")
    eventually("it is applied", lambda: site.sites.child(DEPLOYMENT, f"{site.name}-gateway"))
    await_reason(site, "BrokerRefused")
    put_login(site, site.broker.passwords[logins.OPERATOR])
    await_reason(site, "Connected")


def test_its_devices_are_online_though_their_logins_are_the_users(site: BrokeredSite) -> None:
    site.devices.apply(DEVICE)
    site.await_phase(DEVICE, "Unknown", "NotYetSeen")
    cam = site.wire(DEVICE).connect()
    site.await_phase(DEVICE, "Online", "HeartbeatReceived")
    cam.sign_off()
    site.await_phase(DEVICE, "Offline", "Disconnected")


def test_gateway_gets_its_devices_and_entries_of_other_sites_are_not_changed(site: BrokeredSite) -> None:
    here = f"{site.sites.namespace}/{site.name}"
    with roster_of(site.broker) as roster:
        roster.await_field(DEVICE, "site", here)
        put_entry(site.broker, "theirs", RosterEntry("theirs", site="other/plant").encode())
        put_entry(site.broker, "of-nobody", b"{}")
        put_entry(site.broker, "gone", RosterEntry("gone", site=here).encode())
        roster.await_ids(DEVICE, "theirs", "of-nobody", "gone")
        again = roster.subscribed + 1
        site.broker.stop()
        site.broker.start()
        eventually("the listener is back", lambda: roster.subscribed == again)
        roster.await_ids(DEVICE, "theirs", "of-nobody")
        site.await_broker()


def test_what_another_has_cleared_is_published_again(site: BrokeredSite) -> None:
    with roster_of(site.broker) as roster:
        roster.await_ids(DEVICE, "theirs", "of-nobody")
        put_entry(site.broker, DEVICE, b"")
        eventually("cleared and told again", lambda: roster.sent[-2:] == [DEVICE, DEVICE])
        roster.await_ids(DEVICE, "theirs", "of-nobody")


def test_without_its_login_it_is_published_all_the_same(site: BrokeredSite) -> None:
    with roster_of(site.broker) as roster:
        roster.await_ids(DEVICE, "theirs", "of-nobody")
        site.sites.api("DELETE", kind_path(SECRET, site.sites.namespace, LOGIN))
        await_reason(site, "BrokerLoginUnusable")
        put_login(site, site.broker.passwords[logins.OPERATOR])
        await_reason(site, "Connected")
        roster.await_ids(DEVICE, "theirs", "of-nobody")
        assert DEVICE not in roster.sent


def test_session_ends_with_the_site(site: BrokeredSite, operator: OperatorProcess) -> None:
    assert operator.metric("edge_broker_sessions") == 1
    with roster_of(site.broker) as roster:
        roster.await_ids(DEVICE, "theirs", "of-nobody")
        site.sites.delete(site.name)
        eventually("no session", lambda: operator.metric("edge_broker_sessions") == 0)
        roster.await_ids("theirs", "of-nobody")
    site.await_phase(DEVICE, "Pending", "CredentialsPending")
