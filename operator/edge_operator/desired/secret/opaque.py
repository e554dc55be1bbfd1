"""An opaque Secret that belongs to a site."""

from collections.abc import Mapping

from edge_operator.desired.encoding import secret_data
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import metadata


def opaque(site: SiteInput, component: str, name: str, values: Mapping[str, str]) -> Manifest:
    """Return a Secret with `values` for `component`."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(site, component, name),
        "type": "Opaque",
        "data": secret_data(values),
    }
