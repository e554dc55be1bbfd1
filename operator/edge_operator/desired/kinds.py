"""The kinds of the objects of a site, in the order in which they are applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Watched(Enum):
    """Parts of each object that the operator caches."""

    METADATA = auto()
    FULL = auto()


@dataclass(frozen=True, slots=True)
class ChildKind:
    """One kind of child object.

    Attributes:
        api_version: group and version, such as `apps/v1`.
        kind: name of the kind, such as `Deployment`.
        plural: its name in URLs.
        content: top-level fields with exactly our content; additions of others are removed (G3).
        watched: whether only the metadata is watched, or the object.
    """

    api_version: str
    kind: str
    plural: str
    content: tuple[str, ...] = ()
    watched: Watched = Watched.METADATA


SERVICE_ACCOUNT = ChildKind("v1", "ServiceAccount", "serviceaccounts")
ROLE = ChildKind("rbac.authorization.k8s.io/v1", "Role", "roles", content=("rules",))
ROLE_BINDING = ChildKind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", content=("subjects", "roleRef"))
NETWORK_POLICY = ChildKind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", content=("spec",))
SECRET = ChildKind("v1", "Secret", "secrets", content=("data",))
CONFIG_MAP = ChildKind("v1", "ConfigMap", "configmaps", content=("data", "binaryData"))
PVC = ChildKind("v1", "PersistentVolumeClaim", "persistentvolumeclaims", watched=Watched.FULL)
SERVICE = ChildKind("v1", "Service", "services", watched=Watched.FULL)
DEPLOYMENT = ChildKind("apps/v1", "Deployment", "deployments", watched=Watched.FULL)
PDB = ChildKind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")

CHILD_KINDS = (
    SERVICE_ACCOUNT,
    ROLE,
    ROLE_BINDING,
    NETWORK_POLICY,
    SECRET,
    CONFIG_MAP,
    PVC,
    SERVICE,
    DEPLOYMENT,
    PDB,
)
"""The objects that a pod needs come before its Deployment, and those that restrict it before both."""

_KIND_OF = {(kind.api_version, kind.kind): kind for kind in CHILD_KINDS}


def kind_of(manifest: Mapping[str, Any]) -> ChildKind:
    """Return the kind of a manifest that a builder returned.

    Raises:
        LookupError: the kind is not among `CHILD_KINDS`; the message contains the next step.
    """
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    if (api_version, kind) not in _KIND_OF:
        raise LookupError(
            f"{kind} ({api_version}) is not in CHILD_KINDS: add it to operator/edge_operator/desired/kinds.py, and its"
            " rights to charts/edge-stack/files/operator-rbac.yaml (docs/recipes.md)"
        )
    return _KIND_OF[api_version, kind]
