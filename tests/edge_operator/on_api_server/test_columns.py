"""The columns of `kubectl get edgesites`, as the API server prints them."""

from e2e.cluster.fixture import Kubectl
from tests.support.sites import Sites


def columns(sites: Sites, kubectl: Kubectl, name: str) -> dict[str, str]:
    """Return the cells of a site by the header of their column."""
    printed = kubectl("get", "edgesite", name, "-n", sites.namespace).stdout
    head, row = printed.splitlines()
    begins = [head.index(word) for word in head.split()]
    ends = [*begins[1:], None]
    return {head[begin:end].strip(): row[begin:end].strip() for begin, end in zip(begins, ends, strict=True)}


def test_cloud_is_empty_without_a_cloud(sites: Sites, kubectl: Kubectl) -> None:
    name = "no-cloud"
    sites.apply(name)
    sites.await_reconciled(name)
    assert sites.condition(name, "CloudConnected")["status"] == "False"
    found = columns(sites, kubectl, name)
    assert (found["NAME"], found["PHASE"], found["READY"], found["CLOUD"]) == (name, "Progressing", "False", "")
