"""The kinds of a site's objects: their names in the API, how each is watched and guarded."""

import pytest

from edge_operator.desired.kinds import CHILD_KINDS, ChildKind, Watched

TABLE = {
    "ServiceAccount": ("v1 serviceaccounts", (), False),
    "Role": ("rbac.authorization.k8s.io/v1 roles", ("rules",), False),
    "RoleBinding": ("rbac.authorization.k8s.io/v1 rolebindings", ("subjects", "roleRef"), False),
    "NetworkPolicy": ("networking.k8s.io/v1 networkpolicies", ("spec",), False),
    "Secret": ("v1 secrets", ("data",), False),
    "ConfigMap": ("v1 configmaps", ("data", "binaryData"), False),
    "PersistentVolumeClaim": ("v1 persistentvolumeclaims", (), True),
    "Service": ("v1 services", (), True),
    "Deployment": ("apps/v1 deployments", (), True),
    "PodDisruptionBudget": ("policy/v1 poddisruptionbudgets", (), False),
}
"""By kind: where it is, what of it is exactly ours, and whether its status or spec is needed. In order of applying."""


def test_no_kind_is_missing_and_what_restricts_a_pod_comes_before_it() -> None:
    assert [kind.kind for kind in CHILD_KINDS] == list(TABLE)


@pytest.mark.parametrize("kind", CHILD_KINDS, ids=lambda kind: kind.kind)
def test_kind(kind: ChildKind) -> None:
    where, content, is_watched_whole = TABLE[kind.kind]
    assert f"{kind.api_version} {kind.plural}" == where
    assert kind.content == content, "what others add there would be let stand: a rule, a key, a way through a policy"
    assert kind.watched is (Watched.FULL if is_watched_whole else Watched.METADATA)
