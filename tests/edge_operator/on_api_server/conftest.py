"""What the tests of the reconcile share."""

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from tests.support.processes import OperatorProcess
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites


@pytest.fixture(scope="module")
def sites(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Sites:
    """The sites of the module's namespace, with an operator that leads there."""
    return Sites.of(api, namespace)


@pytest.fixture
def writes(audit: AuditCursor, namespace: str) -> OperatorWrites:
    """The operator's writes in the module's namespace from this test's beginning on."""
    return OperatorWrites(audit, namespace)
