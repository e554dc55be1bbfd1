"""Where the pods of a site run."""

from edge_operator.desired.components import Component
from edge_operator.desired.encoding import as_given
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import selector

LOST_NODE_TAINTS = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
MULTI_NODE_SECONDS = 300


def scheduling(site: SiteInput, component: Component) -> Manifest:
    """Return the parts of a pod's spec that select its node."""
    given = site.spec.scheduling
    parts: Manifest = {"tolerations": _tolerations(site)}
    if component.scales:
        parts["topologySpreadConstraints"] = [_spread(site, component)]
    if given.node_selector:
        parts["nodeSelector"] = dict(given.node_selector)
    if given.affinity:
        parts["affinity"] = as_given(given.affinity)
    if given.priority_class_name:
        parts["priorityClassName"] = given.priority_class_name
    return parts


def _tolerations(site: SiteInput) -> list[Manifest]:
    own = [_lost_node(taint, site.spec.scheduling.profile) for taint in LOST_NODE_TAINTS]
    users = [as_given(toleration) for toleration in site.spec.scheduling.tolerations or ()]
    return own + [toleration for toleration in users if toleration not in own]


def _lost_node(taint: str, profile: str) -> Manifest:
    without_limit = {"key": taint, "operator": "Exists", "effect": "NoExecute"}
    return without_limit if profile == "SingleNode" else without_limit | {"tolerationSeconds": MULTI_NODE_SECONDS}


def _spread(site: SiteInput, component: Component) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(site, component.name)},
    }
