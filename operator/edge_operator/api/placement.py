"""Where pods go: tolerations and affinity, as in the core API of Kubernetes but bounded."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .schema import LIST_ATOMIC, MAP_ATOMIC, ApiModel, rule, rules
from .values import LabelMap

# As in the core API: a selector is never merged from two appliers.
_ATOMIC = ConfigDict(json_schema_extra=MAP_ATOMIC)


class Toleration(ApiModel):
    """Node taint that the pods tolerate."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "!has(self.operator) || self.operator != 'Exists' || !has(self.value) || self.value == ''",
                "goes with operator Equal only",
                fieldPath=".value",
                reason="FieldValueForbidden",
            ),
            rule(
                "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')",
                "needs a key, or operator Exists to accept every taint",
            ),
            rule(
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "goes with effect NoExecute only",
                fieldPath=".tolerationSeconds",
                reason="FieldValueForbidden",
            ),
        )
    )

    key: Annotated[str, Field(max_length=316)] | None = None
    """Key of the taint. Empty, with operator Exists, matches every taint."""

    operator: Literal["Exists", "Equal"] | None = None
    """Comparison of the value: Exists or Equal. If unset, Equal."""

    value: Annotated[str, Field(max_length=63)] | None = None
    """Value of the taint. Only valid with operator Equal."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint. If unset, every effect matches."""

    toleration_seconds: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """Seconds for which a NoExecute taint is tolerated. If unset, without limit."""


_NEEDS_VALUES = rule(
    "self.operator in ['Exists', 'DoesNotExist'] || (has(self.values) && size(self.values) > 0)",
    "operators In, NotIn, Gt and Lt need at least one value",
    fieldPath=".values",
    reason="FieldValueRequired",
)
_HAS_NO_VALUES = rule(
    "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0",
    "operators Exists and DoesNotExist take no values",
    fieldPath=".values",
    reason="FieldValueForbidden",
)


class _Requirement(ApiModel):
    model_config = ConfigDict(json_schema_extra=rules(_NEEDS_VALUES, _HAS_NO_VALUES))

    key: Annotated[str, Field(min_length=1, max_length=316)]
    """Key of the label."""

    values: Annotated[
        list[Annotated[str, Field(max_length=63)]] | None, Field(max_length=64, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Values for the operator, at most 64."""


class LabelRequirement(_Requirement):
    """Requirement on one label of a pod or a namespace."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """Comparison of the label with the values."""


class NodeRequirement(_Requirement):
    """Requirement on one label or one field of a node."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """Comparison of the label with the values."""


LabelRequirements = Annotated[list[LabelRequirement] | None, Field(max_length=32, json_schema_extra=LIST_ATOMIC)]
NodeRequirements = Annotated[list[NodeRequirement] | None, Field(max_length=32, json_schema_extra=LIST_ATOMIC)]


class NodeSelectorTerm(ApiModel):
    """Requirements that a node must meet, all of them."""

    model_config = _ATOMIC

    match_expressions: NodeRequirements = None
    """Requirements on the node's labels."""

    match_fields: NodeRequirements = None
    """Requirements on the node's fields."""


class NodeSelector(ApiModel):
    """Terms of which a node must match at least one."""

    model_config = _ATOMIC

    node_selector_terms: Annotated[
        list[NodeSelectorTerm], Field(min_length=1, max_length=16, json_schema_extra=LIST_ATOMIC)
    ]
    """Terms. A node that matches one of them is selected."""


class PreferredNode(ApiModel):
    """Preferred nodes, with a weight."""

    weight: Annotated[int, Field(ge=1, le=100)]
    """Weight, from 1 to 100."""

    preference: NodeSelectorTerm
    """Nodes that are preferred."""


class NodeAffinity(ApiModel):
    """Affinity of the pods for nodes."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """Nodes that the pods must run on."""

    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredNode] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Nodes that the pods should run on, if possible."""


class LabelSelector(ApiModel):
    """Selects pods or namespaces by their labels."""

    model_config = _ATOMIC

    match_labels: LabelMap | None = None
    """Labels that an object must have, with their values."""

    match_expressions: LabelRequirements = None
    """Other requirements on labels."""


class PodAffinityTerm(ApiModel):
    """Pods to be placed near to, or away from."""

    label_selector: LabelSelector | None = None
    """Pods that the term applies to, by label."""

    topology_key: Annotated[str, Field(min_length=1, max_length=316)]
    """Node label that defines near: two nodes with the same value are near each other. For example
    kubernetes.io/hostname."""

    namespaces: Annotated[
        list[Annotated[str, Field(max_length=63)]] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Names of the namespaces of the selected pods. If unset, the namespace of the site."""

    namespace_selector: LabelSelector | None = None
    """Namespaces of the selected pods, by label."""


class WeightedPodAffinityTerm(ApiModel):
    """Preferred pod affinity term, with a weight."""

    weight: Annotated[int, Field(ge=1, le=100)]
    """Weight, from 1 to 100."""

    pod_affinity_term: PodAffinityTerm
    """Term that is preferred."""


class PodAffinity(ApiModel):
    """Affinity of the pods for other pods (podAffinity), or against them (podAntiAffinity)."""

    required_during_scheduling_ignored_during_execution: Annotated[
        list[PodAffinityTerm] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Terms that must be met."""

    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[WeightedPodAffinityTerm] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)
    ] = None
    """Terms that should be met, if possible."""


class Affinity(ApiModel):
    """Affinity rules of the pods, as in a Pod's spec.affinity."""

    node_affinity: NodeAffinity | None = None
    """Affinity of the pods for nodes."""

    pod_affinity: PodAffinity | None = None
    """Other pods that the pods should be near to."""

    pod_anti_affinity: PodAffinity | None = None
    """Other pods that the pods should be away from."""
