"""The PodDisruptionBudget of a component with two or more pods: a drain takes one at a time."""

from edge_operator.desired.components import Component
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata, selector

MIN_REPLICAS = 2
"""With one pod a budget would only keep its node from being drained."""


def disruption_budget(site: SiteInput, component: Component) -> Manifest | None:
    """Return the PodDisruptionBudget; None below two replicas."""
    if component.replicas < MIN_REPLICAS:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(site, component.name, child_name(site, component.name)),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(site, component.name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
