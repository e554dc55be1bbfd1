"""Names, labels and owner of a site's children."""

from edge_operator.api.schema import API_VERSION
from edge_operator.desired.inputs import Manifest, SiteInput

PART_OF = "edge-stack"
SITE_LABEL = "edge-stack.io/site"
METRICS_LABEL = "edge-stack.io/metrics"
"""A namespace with the value "true" may read the metrics."""

OPERATOR_NAME = "edge-operator"
"""`app.kubernetes.io/name` of the operator's pods."""

RETAINED = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
"""Annotation of objects that are kept after their site's deletion: Argo CD would prune them by label."""


def child_name(site: SiteInput, suffix: str) -> str:
    """Return the name of a child, such as `<site>-gateway`."""
    return f"{site.name}-{suffix}"


def app_name(component: str) -> str:
    """Return a component's `app.kubernetes.io/name`."""
    return f"edge-{component}"


def selector(site: SiteInput, component: str) -> dict[str, str]:
    """Return the labels that the pods of a component are found by; never to be changed."""
    return {"app.kubernetes.io/name": app_name(component), "app.kubernetes.io/instance": site.name}


def labels(site: SiteInput, component: str) -> dict[str, str]:
    """Return the labels of a child of `component`."""
    return selector(site, component) | retained_labels(site, component)


def retained_labels(site: SiteInput, component: str) -> dict[str, str]:
    """Return the labels of a child that outlives the site: without `instance`."""
    return {
        "app.kubernetes.io/name": app_name(component),
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": PART_OF,
        SITE_LABEL: site.name,
    }


def device_labels(site_name: str) -> dict[str, str]:
    """Return the labels of an object that belongs to a device of the site."""
    return {
        "app.kubernetes.io/name": app_name("device"),
        "app.kubernetes.io/instance": site_name,
        "app.kubernetes.io/component": "device",
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": PART_OF,
        SITE_LABEL: site_name,
    }


def owner(site: SiteInput) -> Manifest:
    """Return the owner reference; it does not block the site's deletion (G9)."""
    return {"apiVersion": API_VERSION, "kind": "EdgeSite", "name": site.name, "uid": site.uid, "controller": True}


def metadata(site: SiteInput, component: str, name: str, annotations: dict[str, str] | None = None) -> Manifest:
    """Return the metadata of a child that goes with its site."""
    return _metadata(site, name, labels(site, component), annotations) | {"ownerReferences": [owner(site)]}


def retained_metadata(site: SiteInput, component: str, name: str) -> Manifest:
    """Return the metadata of a child that outlives its site."""
    return _metadata(site, name, retained_labels(site, component), dict(RETAINED))


def _metadata(site: SiteInput, name: str, labelled: dict[str, str], annotations: dict[str, str] | None) -> Manifest:
    head: Manifest = {"name": name, "namespace": site.namespace, "labels": labelled}
    return head | {"annotations": dict(annotations)} if annotations else head
