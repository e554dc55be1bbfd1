"""The operator's program with the environment and the rights that the chart gives it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from e2e.cluster.service_account import service_account_kubeconfig
from e2e.tools.helm import NAMESPACE, RELEASE, Helm
from tests.charts.rendering import render
from tests.support.processes import OperatorProcess, eventually

pytestmark = pytest.mark.process


@dataclass(frozen=True)
class Case:
    """One way to install the chart.

    Attributes:
        settings: what is `--set`.
        served: a namespace that the operator serves.
        other: another namespace.
        serves_other: whether it serves that one, too.
    """

    settings: tuple[str, ...]
    served: str
    other: str
    serves_other: bool


# Namespaces of their own: the garbage collector of a young cluster may take half a minute.
CASES = {
    "everywhere": Case((), "all-a", "all-b", serves_other=True),
    "in one namespace": Case(("watchNamespaces={one-a}",), "one-a", "one-b", serves_other=False),
}


@pytest.fixture(scope="module", params=list(CASES.values()), ids=list(CASES))
def case(
    request: pytest.FixtureRequest, cluster: ControlPlane, cluster_helm: Helm, cluster_kubectl: Kubectl
) -> Iterator[Case]:
    """The chart installed in each of these ways."""
    case: Case = request.param
    for namespace in (case.served, case.other):
        cluster_kubectl("create", "namespace", namespace)
    cluster_helm.install(*(f"--set={each}" for each in case.settings))
    yield case
    cluster_helm("uninstall", RELEASE, "-n", NAMESPACE)


@pytest.fixture(scope="module")
def operator(
    case: Case,
    cluster: ControlPlane,
    cluster_helm: Helm,
    cluster_kubectl: Kubectl,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[OperatorProcess]:
    """One operator as the chart would run it."""
    directory = tmp_path_factory.mktemp("operator")
    rendered = render(cluster_helm, settings=case.settings)
    kubeconfig = directory / "kubeconfig"
    account = rendered.pod["spec"]["serviceAccountName"]
    kubeconfig.write_text(service_account_kubeconfig(lambda *words: cluster_kubectl(*words).stdout, NAMESPACE, account))
    environment = {name: value for name, value in rendered.environment.items() if isinstance(value, str)}
    environment |= {"EDGE_OPERATOR_NAMESPACE": NAMESPACE, "EDGE_IDENTITY": "pod-a"}
    process = OperatorProcess(cluster, kubeconfig, directory, environment)
    yield process.start().await_leading()
    assert process.stop() == 0


def apply_site(kubectl: Kubectl, namespace: str) -> None:
    metadata = {"name": "north", "namespace": namespace}
    site = {"apiVersion": "edge-stack.io/v1alpha1", "kind": "EdgeSite", "metadata": metadata, "spec": {}}
    kubectl("apply", "-f", "-", stdin=json.dumps(site))


def await_deployments(kubectl: Kubectl, namespace: str) -> None:
    def made() -> bool:
        return len(kubectl("get", "deployments", "-n", namespace, "-o", "name").stdout.split()) == 4

    eventually(f"four Deployments in {namespace}", made)


def test_it_serves_the_given_namespaces(operator: OperatorProcess, case: Case, cluster_kubectl: Kubectl) -> None:
    # The one not to be served first, so that there was time for it.
    for namespace in (case.other, case.served):
        apply_site(cluster_kubectl, namespace)
    await_deployments(cluster_kubectl, case.served)
    if case.serves_other:
        await_deployments(cluster_kubectl, case.other)
    else:
        assert cluster_kubectl("get", "deployments,configmaps", "-n", case.other, "-o", "name").stdout.split() == [
            "configmap/kube-root-ca.crt"
        ]
    assert [line for line in operator.lines() if line["level"] not in {"debug", "info", "warning"}] == []
    assert operator.get("/healthz")[0] == operator.get("/readyz")[0] == 200


@pytest.mark.parametrize(
    ("verb", "resource", "place", "in_one"),
    [
        ("patch", "deployments", "served", "yes"),
        ("patch", "deployments", "other", "no"),
        ("get", "secrets", "other", "no"),
        ("update", "leases", "operator", "yes"),
        ("get", "crd/edgesites.edge-stack.io", "served", "yes"),
    ],
)
def test_rights(case: Case, cluster_kubectl: Kubectl, verb: str, resource: str, place: str, in_one: str) -> None:
    namespace = {"served": case.served, "other": case.other, "operator": NAMESPACE}[place]
    user = f"--as=system:serviceaccount:{NAMESPACE}:edge-operator"
    asked = cluster_kubectl("auth", "can-i", verb, resource, "-n", namespace, user, check=False)
    assert asked.stdout.strip() == ("yes" if case.serves_other else in_one)


def test_memory_fits_the_request(operator: OperatorProcess) -> None:
    status = Path(f"/proc/{operator.pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    assert int(resident.split()[1]) < 128 * 1024
