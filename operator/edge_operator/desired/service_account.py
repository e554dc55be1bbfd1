"""A ServiceAccount for each component, without a token: none of them uses the API server."""

from edge_operator.desired.components import Component
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata


def service_account(site: SiteInput, component: Component) -> Manifest:
    """Return the ServiceAccount of a component."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(site, component.name, child_name(site, component.name)),
        "automountServiceAccountToken": False,
    }
