"""Binds the Role of the broker's agent to the broker's ServiceAccount."""

from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata


def role_binding(site: SiteInput) -> Manifest | None:
    """Return the RoleBinding; None when the user runs the broker."""
    if components.mqtt(site) is None:
        return None
    name = child_name(site, components.MQTT)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata(site, components.MQTT, name),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": site.namespace}],
    }
