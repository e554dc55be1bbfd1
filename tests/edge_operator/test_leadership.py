"""G4: only the leader acts, whatever happens to it; and what an absent API server does to all of them."""

import json
import time
from collections.abc import Iterator
from functools import partial
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from e2e.cluster.controlplane import ControlPlane
from edge_operator.cluster.election import RENEW_SECONDS
from edge_operator.cluster.lease import LEASE_SECONDS
from edge_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, ChildKind
from edge_operator.handlers import RETRY_SECONDS
from tests.support.accepted import has_nodelay
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites, kind_path

LEASE = ChildKind("coordination.k8s.io/v1", "Lease", "leases")
TAKEOVER_SECONDS = 15.0
STOPPED_SECONDS = 20.0
UNRELEASED_SECONDS = LEASE_SECONDS - RENEW_SECONDS - 0.5
"""A lease that its holder did not release is taken later than this after its end."""

AWAY_SECONDS = sum(RETRY_SECONDS) + 3.5
"""Longer than a lease, its renew deadline, and all pauses of Kopf that grow: nothing here waits for longer but at the
same pace."""


@pytest.fixture
def pair(make_operator: OperatorFactory) -> Iterator[tuple[OperatorProcess, OperatorProcess]]:
    """Two replicas of which the first leads; those of the test before are not waited for."""
    make_operator.renew_lease()
    first = make_operator().start().await_leading()
    second = make_operator().start().await_ready()
    yield first, second
    first.kill()
    second.kill()


@pytest.fixture
def sites(api: client.ApiClient, namespace: str) -> Sites:
    return Sites.of(api, namespace)


def writes_of(cursor: AuditCursor, operator: OperatorProcess) -> list[str]:
    """Return what one process wrote, its attempts at the lease aside."""
    agent = f"({operator.settings['EDGE_IDENTITY']})"
    return [
        f"{event.verb} {event.uri} {event.code}"
        for event in cursor.writes()
        if event.user_agent.endswith(agent) and event.resource != "leases"
    ]


def provoke(sites: Sites, name: str) -> None:
    """Edit a child, so that the leader has something to write."""
    path = kind_path(CONFIG_MAP, sites.namespace, f"{name}-mqtt")
    sites.api.merge(path, {"data": {"acl": f"edited {time.monotonic_ns()}"}}, manager=f"editor-{time.monotonic_ns()}")


def await_repaired(sites: Sites, name: str, seconds: float) -> None:
    def repaired() -> bool:
        found = sites.child(CONFIG_MAP, f"{name}-mqtt")
        return found is not None and not found["data"]["acl"].startswith("edited")

    eventually("drift repaired", repaired, seconds)


def test_standby_writes_nothing(
    pair: tuple[OperatorProcess, OperatorProcess], sites: Sites, audit: AuditCursor
) -> None:
    leader, standby = pair
    assert has_nodelay(leader.pid, leader.port)
    sites.apply("led")
    sites.await_reconciled("led")
    provoke(sites, "led")
    await_repaired(sites, "led", 20)
    assert writes_of(audit, standby) == []
    assert standby.metric("edge_leader") == 0
    warm = "the standby's cache is warm"
    eventually(warm, lambda: standby.metric("edge_children") == leader.metric("edge_children") > 0, 5)


def test_killed_leader_is_followed_within_15_s(pair: tuple[OperatorProcess, OperatorProcess], sites: Sites) -> None:
    leader, standby = pair
    sites.apply("killed")
    sites.await_reconciled("killed")
    leader.kill()
    killed = time.monotonic()
    provoke(sites, "killed")
    await_repaired(sites, "killed", TAKEOVER_SECONDS)
    assert time.monotonic() - killed < TAKEOVER_SECONDS
    assert standby.metric("edge_leader") == 1


def test_leader_leads_on_if_somebody_deletes_its_lease(
    pair: tuple[OperatorProcess, OperatorProcess], sites: Sites
) -> None:
    leader, standby = pair
    sites.apply("deleted")
    sites.await_reconciled("deleted")
    system, name = Sites(sites.api, "edge-system"), leader.settings["EDGE_LEASE_NAME"]

    def is_created_again(uid: str) -> bool:
        found = system.child(LEASE, name)
        return found is not None and found["metadata"]["uid"] != uid

    held = system.child(LEASE, name)
    assert held is not None
    sites.api("DELETE", kind_path(LEASE, "edge-system", name))
    eventually("the Lease is created again", partial(is_created_again, held["metadata"]["uid"]), 4)
    created = system.child(LEASE, name)
    assert created is not None
    assert created["spec"]["holderIdentity"] == leader.settings["EDGE_IDENTITY"]
    assert standby.metric("edge_leader") == 0
    provoke(sites, "deleted")
    await_repaired(sites, "deleted", 2)


def test_leader_that_ends_in_order_is_followed_at_once(
    pair: tuple[OperatorProcess, OperatorProcess], sites: Sites
) -> None:
    leader, _ = pair
    sites.apply("ended")
    sites.await_reconciled("ended")
    asked = time.monotonic()
    assert leader.stop() == 0
    ended = time.monotonic()
    assert ended - asked < UNRELEASED_SECONDS, "nothing is waited for"
    provoke(sites, "ended")
    await_repaired(sites, "ended", UNRELEASED_SECONDS)
    assert time.monotonic() - ended < UNRELEASED_SECONDS, "a released lease is not waited for"


def test_stopped_leader_writes_nothing_when_it_goes_on(
    pair: tuple[OperatorProcess, OperatorProcess], sites: Sites, audit: AuditCursor
) -> None:
    leader, standby = pair
    sites.apply("stopped")
    sites.await_reconciled("stopped")
    provoke(sites, "stopped")
    leader.signal(SIGSTOP)
    stopped = time.monotonic()
    eventually("the standby leads", lambda: standby.metric("edge_leader") == 1, TAKEOVER_SECONDS)
    await_repaired(sites, "stopped", 20)
    eventually("20 s have passed", lambda: time.monotonic() - stopped > STOPPED_SECONDS, STOPPED_SECONDS + 1)
    provoke(sites, "stopped")
    audit.advance()
    leader.signal(SIGCONT)
    for _ in range(10):
        provoke(sites, "stopped")
        await_repaired(sites, "stopped", 20)
    eventually("the ex-leader stands by", lambda: leader.metric("edge_leader") == 0)
    assert writes_of(audit, leader) == []
    assert writes_of(audit, standby) != []


def test_api_server_unreachable_for_long_and_back(
    control_plane: ControlPlane, pair: tuple[OperatorProcess, OperatorProcess], sites: Sites, audit: AuditCursor
) -> None:
    leader, standby = pair
    sites.apply("cut-off")
    sites.await_reconciled("cut-off")
    eventually("nothing is left to do", lambda: leader.metric("edge_queue_depth") == 0)
    pids = leader.pid, standby.pid
    control_plane.stop_apiserver(grace=0)
    away = time.monotonic()
    try:
        eventually("the gate closes", lambda: leader.metric("edge_leader") == 0, 10)
        eventually("it has passed", lambda: time.monotonic() - away > AWAY_SECONDS, AWAY_SECONDS + 2)
        assert [operator.get("/healthz")[0] for operator in pair] == [200, 200], "they are not ended for it"
    finally:
        control_plane.start_apiserver()
    audit.advance()
    eventually("one of them leads", lambda: leader.metric("edge_leader") + standby.metric("edge_leader") == 1, 15)
    sites.api("DELETE", kind_path(DEPLOYMENT, sites.namespace, "cut-off-gateway"))
    eventually("drift is repaired again", lambda: sites.child(DEPLOYMENT, "cut-off-gateway"), 20)
    sites.apply("new-after")
    sites.await_reconciled("new-after")
    assert (leader.pid, standby.pid) == pids
    assert leader.process is not None
    assert leader.process.poll() is None


def test_frozen_api_server_closes_the_gate(
    control_plane: ControlPlane, pair: tuple[OperatorProcess, OperatorProcess], sites: Sites
) -> None:
    leader, _ = pair
    control_plane.pause_apiserver()
    try:
        frozen = time.monotonic()
        eventually("the gate closes", lambda: leader.metric("edge_leader") == 0, 10)
        assert time.monotonic() - frozen < 8, "before anybody else may take the lease"
    finally:
        control_plane.resume_apiserver()
    eventually("one leads again", lambda: sum(op.metric("edge_leader") for op in pair) == 1, 20)


def test_log_lines_are_json_and_name_their_object(pair: tuple[OperatorProcess, OperatorProcess], sites: Sites) -> None:
    leader, _ = pair
    sites.apply("logged")
    sites.await_reconciled("logged")
    lines: list[dict[str, Any]] = [json.loads(line) for line in leader.log.read_text().splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*(set(line) for line in lines))
