"""G2 at 200 sites: an operator that is restarted over an unchanged fleet writes nothing, counted at the API server."""

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from tests.support.fleet import CountWrites, Fleet
from tests.support.processes import OPERATOR_USER, OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites

SITES = 200


@pytest.fixture(scope="module")
def fleet(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Fleet:
    fleet = Fleet(Sites.of(api, namespace), SITES)
    fleet.apply()
    fleet.await_reconciled(240)
    fleet.await_brokers_asked(120)
    fleet.await_quiet(CountWrites(operator.metric), 3, 120)
    return fleet


def writes(audit: AuditCursor, namespace: str) -> list[str]:
    made = audit.writes(user=OPERATOR_USER)
    return [
        f"{event.code} {event.user_agent} {event.verb} {event.uri}"
        for event in made
        if event.namespace == namespace and event.resource != "leases"
    ]


def test_restart_over_200_sites_writes_nothing(
    fleet: Fleet, operator: OperatorProcess, make_operator: OperatorFactory, namespace: str, audit: AuditCursor
) -> None:
    operator.stop()
    audit.advance()
    again = make_operator().start().await_leading()

    def looked_at() -> bool:
        done = again.metric("edge_reconciles_total", result="ok")
        return done >= SITES and again.metric("edge_queue_depth") == 0

    eventually("every site was looked at", looked_at, 120, pause=0.5)
    assert again.metric("edge_sites") == SITES
    assert writes(audit, namespace) == []


def test_killed_operator_is_followed_without_writes(
    fleet: Fleet, make_operator: OperatorFactory, namespace: str, audit: AuditCursor
) -> None:
    leader, standby = make_operator(EDGE_LEASE_NAME="scale-kill"), make_operator(EDGE_LEASE_NAME="scale-kill")
    leader.start().await_leading()
    standby.start().await_ready()
    eventually("the leader has looked", lambda: leader.metric("edge_reconciles_total", result="ok") >= SITES, 60)
    audit.advance()
    leader.kill()
    eventually("the standby has looked", lambda: standby.metric("edge_reconciles_total", result="ok") >= 2 * SITES, 60)
    assert writes(audit, namespace) == []
