"""G2 at many sites: an operator that is restarted over an unchanged fleet writes nothing, counted at the API server."""

import secrets
from collections.abc import Iterator

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from edge_operator.cluster.pages import PAGE_SIZE
from edge_operator.desired.kinds import SECRET
from tests.support.fleet import CountWrites, Fleet
from tests.support.processes import OPERATOR_USER, OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites

SITES = 65
"""So many that lists of their Secrets come in more than one page; 200 are measured by `make bench`."""


@pytest.fixture(scope="module")
def namespace(api: client.ApiClient) -> Iterator[str]:
    """A namespace that is deleted when the module ends: thousands of deletions would run under the next tests."""
    name, core = f"test-scale-{secrets.token_hex(3)}", client.CoreV1Api(api)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    yield name
    core.delete_namespace(name)
    eventually("it is gone", lambda: name not in namespaces(core), 180, pause=0.5)


def namespaces(core: client.CoreV1Api) -> set[str]:
    return {str(found.metadata.name) for found in core.list_namespace().items if found.metadata}


@pytest.fixture(scope="module")
def fleet(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Fleet:
    fleet = Fleet(Sites.of(api, namespace), SITES)
    fleet.apply()
    fleet.await_reconciled(240)
    fleet.await_brokers_asked(120)
    fleet.await_quiet(CountWrites(operator.metric), 3, 120)
    assert fleet.count(SECRET) > PAGE_SIZE
    return fleet


def writes(audit: AuditCursor, namespace: str) -> list[str]:
    made = audit.writes(user=OPERATOR_USER)
    return [
        f"{event.code} {event.user_agent} {event.verb} {event.uri}"
        for event in made
        if event.namespace == namespace and event.resource != "leases"
    ]


def test_restart_over_many_sites_writes_nothing(
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
    again.stop()


def test_killed_operator_is_followed_without_writes(
    fleet: Fleet, make_operator: OperatorFactory, namespace: str, audit: AuditCursor
) -> None:
    make_operator.renew_lease()
    leader, standby = make_operator(), make_operator()
    leader.start().await_leading()
    standby.start().await_ready()
    eventually("the leader has looked", lambda: leader.metric("edge_reconciles_total", result="ok") >= SITES, 60)
    audit.advance()
    leader.kill()
    eventually("the standby has looked", lambda: standby.metric("edge_reconciles_total", result="ok") >= 2 * SITES, 60)
    assert writes(audit, namespace) == []
