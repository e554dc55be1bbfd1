"""Whose an object is that has a child's name, and what to do: only what belongs to nobody may be deleted."""

from typing import Any

import pytest

from edge_operator.api.schema import API_VERSION
from edge_operator.control.apply.not_ours import not_ours, root_not_ours
from edge_operator.control.diff.action import OwnerRef
from edge_operator.control.diff.observed import Observed, observe
from edge_operator.desired.kinds import CONFIG_MAP, PVC, SECRET, ChildKind

PLANT, PUMP = OwnerRef("EdgeSite", "plant", "u-1"), OwnerRef("EdgeDevice", "pump", "u-2")
OURS = {"app.kubernetes.io/managed-by": "edge-stack"}


def seen(kind: ChildKind = SECRET, name: str = "plant-root", **metadata: Any) -> Observed:
    head = {"namespace": "ns", "name": name, "uid": "u", "resourceVersion": "1"}
    return observe(kind, {"metadata": head | metadata})


def owned_by(kind: str, name: str, *, controller: bool = True, api_version: str = API_VERSION) -> dict[str, Any]:
    reference = {"apiVersion": api_version, "kind": kind, "name": name, "uid": "x"}
    return {"ownerReferences": [reference | ({"controller": True} if controller else {})]}


ROOT = seen(labels={**OURS, "edge-stack.io/site": "plant"})
OTHERS: dict[str, tuple[Observed, str]] = {
    "root Secret of a site": (ROOT, "the EdgeSite ns/plant"),
    "Secret of a site": (seen(**owned_by("EdgeSite", "plant")), "the EdgeSite ns/plant"),
    "Secret of another device": (seen(**owned_by("EdgeDevice", "press")), "the EdgeDevice ns/press"),
    "Secret of another controller": (
        seen(**owned_by("ExternalSecret", "vault", api_version="external-secrets.io/v1")),
        "the ExternalSecret ns/vault",
    ),
    "Secret with an owner that does not control it": (
        seen(**owned_by("Issuer", "ca", controller=False)),
        "the Issuer ca",
    ),
    "Secret of Helm": (
        seen(annotations={"meta.helm.sh/release-name": "db"}, labels={"app.kubernetes.io/managed-by": "Helm"}),
        "the Helm release db",
    ),
    "Secret of cert-manager": (
        seen(annotations={"cert-manager.io/certificate-name": "web"}),
        "the Certificate web of cert-manager",
    ),
    "Secret of another program": (
        seen(labels={"app.kubernetes.io/managed-by": "kustomize"}),
        "kustomize, by its label app.kubernetes.io/managed-by",
    ),
}


@pytest.mark.parametrize(("found", "holder"), OTHERS.values(), ids=OTHERS)
def test_owner_is_named_and_nothing_is_to_be_deleted(found: Observed, holder: str) -> None:
    problem = not_ours(found, PUMP)
    assert (problem.reason, problem.message) == (
        "SecretNotOurs",
        (
            f"Secret ns/plant-root belongs to {holder}: the operator does not change it: set another"
            " credentials.secretName"
        ),
    )
    assert problem.lasting


def test_child_of_another_site() -> None:
    problem = not_ours(seen(CONFIG_MAP, "plant-mqtt", **owned_by("EdgeSite", "north")), PLANT)
    assert (problem.reason, problem.message) == (
        "NotOurs",
        (
            "ConfigMap ns/plant-mqtt belongs to the EdgeSite ns/north: the operator does not change it: create the site"
            " under another name"
        ),
    )


NOBODYS: dict[str, tuple[Observed, OwnerRef, str]] = {
    "Secret under the name of a device's": (
        seen(),
        PUMP,
        "set another credentials.secretName, or delete the Secret if nobody needs it",
    ),
    "child": (
        seen(CONFIG_MAP),
        PLANT,
        "create the site under another name, or delete the ConfigMap if nobody needs it",
    ),
    "copy of a child, with its labels": (
        seen(CONFIG_MAP, labels={**OURS, "edge-stack.io/site": "plant"}),
        PLANT,
        "create the site under another name, or delete the ConfigMap if nobody needs it",
    ),
    "volume, which may have data": (
        seen(PVC),
        PLANT,
        (
            "if it has the data of this site, label it edge-stack.io/site=plant,app.kubernetes.io/managed-by"
            "=edge-stack; else create the site under another name"
        ),
    ),
}


@pytest.mark.parametrize(("found", "owner_ref", "steps"), NOBODYS.values(), ids=NOBODYS)
def test_what_belongs_to_nobody(found: Observed, owner_ref: OwnerRef, steps: str) -> None:
    message = not_ours(found, owner_ref).message
    assert message == f"{found.key} exists and has no owner: the operator does not change it: {steps}"


def test_root_secret_of_others() -> None:
    assert root_not_ours(seen(**owned_by("EdgeDevice", "press")), "plant").message == (
        "Secret ns/plant-root belongs to the EdgeDevice ns/press: the operator does not change it: create the site"
        " under another name"
    )
    problem = root_not_ours(seen(), "plant")
    assert (problem.reason, problem.message) == (
        "NotOurs",
        (
            "Secret ns/plant-root exists and has no owner: the operator does not change it: if it is this site's root"
            " Secret from a backup, label it edge-stack.io/site=plant,app.kubernetes.io/managed-by=edge-stack; else"
            " create the site under another name, or delete the Secret if nobody needs it"
        ),
    )
