"""References to other objects of the same namespace, and types borrowed from Kubernetes' core API."""

from typing import Annotated, Literal

from pydantic import Field

from .schema import LIST_ATOMIC, MAP_ATOMIC, ApiModel, ResourceQuantity, SecretName, rule, rules


class SecretReference(ApiModel):
    """A Secret of the same namespace."""

    name: SecretName
    """Name of the Secret."""


SecretRef = Annotated[SecretReference, Field(json_schema_extra=MAP_ATOMIC)]

ResourceMap = Annotated[dict[str, ResourceQuantity], Field(max_length=16)]


class Resources(ApiModel):
    """CPU and memory of a container."""

    requests: ResourceMap | None = None
    """What the scheduler sets aside for the container, such as {cpu: 100m, memory: 128Mi}."""

    limits: ResourceMap | None = None
    """What the container may use at most; above the memory limit it is ended and started again."""


class Toleration(ApiModel):
    """A taint that the pods accept."""

    key: Annotated[str, Field(max_length=316)] | None = None
    """Key of the taint; empty with operator Exists matches every taint."""

    operator: Literal["Exists", "Equal"] | None = None
    """How the value is compared. Equal if not given."""

    value: Annotated[str, Field(max_length=63)] | None = None
    """Value of the taint, with operator Equal."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; every effect if not given."""

    toleration_seconds: int | None = None
    """Seconds for which a NoExecute taint is accepted; for ever if not given."""


class SelectorRequirement(ApiModel):
    """A condition on one label."""

    key: Annotated[str, Field(max_length=316)]
    """Key of the label."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How the label is compared. Gt and Lt are for nodes only."""

    values: Annotated[
        list[Annotated[str, Field(max_length=63)]] | None, Field(max_length=64, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Values to compare with."""


Requirements = Annotated[list[SelectorRequirement] | None, Field(max_length=32, json_schema_extra=LIST_ATOMIC)]


class NodeSelectorTerm(ApiModel):
    """Conditions that a node meets all of."""

    match_expressions: Requirements = None
    """Conditions on the node's labels."""

    match_fields: Requirements = None
    """Conditions on the node's fields."""


class NodeSelector(ApiModel):
    """Terms of which a node meets at least one."""

    node_selector_terms: Annotated[
        list[NodeSelectorTerm], Field(min_length=1, max_length=16, json_schema_extra=LIST_ATOMIC)
    ]
    """The terms; one that holds is enough."""


class PreferredNode(ApiModel):
    """A wish for nodes, with its weight."""

    weight: Annotated[int, Field(ge=1, le=100)]
    """Weight from 1 to 100."""

    preference: NodeSelectorTerm
    """The nodes wished for."""


class NodeAffinity(ApiModel):
    """Which nodes the pods must or should be on."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """Nodes that the pods must be on."""

    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredNode] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Nodes that the pods should be on."""


class LabelSelector(ApiModel):
    """Which pods or namespaces are meant, by label."""

    match_labels: Annotated[dict[str, Annotated[str, Field(max_length=63)]] | None, Field(max_length=32)] = None
    """Labels with their exact values."""

    match_expressions: Requirements = None
    """Further conditions on labels."""


class PodAffinityTerm(ApiModel):
    """Pods to be near to, or far from, and what near means."""

    label_selector: LabelSelector | None = None
    """The pods meant."""

    topology_key: Annotated[str, Field(min_length=1, max_length=316)]
    """Label of a node whose equal values mean near, such as kubernetes.io/hostname."""

    namespaces: Annotated[
        list[Annotated[str, Field(max_length=63)]] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Namespaces in which the pods are looked for; the site's own if not given."""

    namespace_selector: LabelSelector | None = None
    """Namespaces in which the pods are looked for, by label."""


class WeightedPodAffinityTerm(ApiModel):
    """A wish for pods to be near to or far from, with its weight."""

    weight: Annotated[int, Field(ge=1, le=100)]
    """Weight from 1 to 100."""

    pod_affinity_term: PodAffinityTerm
    """The pods meant."""


class PodAffinity(ApiModel):
    """Which other pods to be near to (podAffinity) or far from (podAntiAffinity)."""

    required_during_scheduling_ignored_during_execution: Annotated[
        list[PodAffinityTerm] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Terms that must hold."""

    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[WeightedPodAffinityTerm] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Terms that should hold."""


class Affinity(ApiModel):
    """Where the pods of the site go, as in a Pod's spec.affinity."""

    node_affinity: NodeAffinity | None = None
    """Nodes that the pods must or should be on."""

    pod_affinity: PodAffinity | None = None
    """Pods to be near to."""

    pod_anti_affinity: PodAffinity | None = None
    """Pods to be far from."""


class PullSecret(ApiModel):
    """A Secret with the credentials of a registry."""

    name: SecretName
    """Name of a Secret of type kubernetes.io/dockerconfigjson in this namespace."""


HOST_RULES = rules(
    rule(
        "isIP(self) || !format.dns1123Subdomain().validate(self).hasValue()",
        "must be a host name or an IP address, without scheme and port",
    )
)

Host = Annotated[str, Field(min_length=1, max_length=253, json_schema_extra=HOST_RULES)]
