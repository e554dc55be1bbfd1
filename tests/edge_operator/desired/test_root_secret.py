"""The root Secret: kept when everything else goes."""

import base64

from edge_operator.desired.root_secret import root_secret
from tests.edge_operator.desired.sites import ROOT


def test_root_secret_is_kept_after_its_site() -> None:
    assert root_secret("factory", "plant", ROOT) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "factory-root",
            "namespace": "plant",
            "labels": {
                "app.kubernetes.io/part-of": "edge-stack",
                "app.kubernetes.io/managed-by": "edge-stack",
                "edge-stack.io/site": "factory",
            },
            "annotations": {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
        },
        "type": "Opaque",
        "data": {"key": base64.b64encode(ROOT).decode()},
    }
