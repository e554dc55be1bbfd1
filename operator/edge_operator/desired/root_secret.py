"""The Secret with a site's root key: created once, and kept after the site's deletion."""

from edge_operator.desired.encoding import secret_data
from edge_operator.desired.inputs import Manifest
from edge_operator.desired.metadata import PART_OF, RETAINED, SITE_LABEL

KEY = "key"


def root_secret_name(site_name: str) -> str:
    """Return the name of a site's root Secret."""
    return f"{site_name}-root"


def root_secret(name: str, namespace: str, key: bytes) -> Manifest:
    """Return the root Secret of the site `name`."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": root_secret_name(name),
            "namespace": namespace,
            "labels": {
                "app.kubernetes.io/part-of": PART_OF,
                "app.kubernetes.io/managed-by": PART_OF,
                SITE_LABEL: name,
            },
            "annotations": dict(RETAINED),
        },
        "type": "Opaque",
        "data": secret_data({KEY: key}),
    }
