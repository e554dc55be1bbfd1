"""Where pods go: tolerations and affinity, as in the core API of Kubernetes but bounded."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .schema import LIST_ATOMIC, MAP_ATOMIC, ApiModel, rule, rules
from .values import LabelMap

# As in the core API: what two appliers say of one selector is not mixed.
_ATOMIC = ConfigDict(json_schema_extra=MAP_ATOMIC)


class Toleration(ApiModel):
    """A taint that the pods accept."""

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
    """Key of the taint; empty with operator Exists matches every taint."""

    operator: Literal["Exists", "Equal"] | None = None
    """How the value is compared. Equal if not given."""

    value: Annotated[str, Field(max_length=63)] | None = None
    """Value of the taint, with operator Equal."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; every effect if not given."""

    toleration_seconds: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """Seconds for which a NoExecute taint is accepted; for ever if not given."""


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
    """Values to compare with."""


class LabelRequirement(_Requirement):
    """A condition on one label of a pod or a namespace."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label is compared."""


class NodeRequirement(_Requirement):
    """A condition on one label, or one field, of a node."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How the label is compared."""


LabelRequirements = Annotated[list[LabelRequirement] | None, Field(max_length=32, json_schema_extra=LIST_ATOMIC)]
NodeRequirements = Annotated[list[NodeRequirement] | None, Field(max_length=32, json_schema_extra=LIST_ATOMIC)]


class NodeSelectorTerm(ApiModel):
    """Conditions that a node meets all of."""

    model_config = _ATOMIC

    match_expressions: NodeRequirements = None
    """Conditions on the node's labels."""

    match_fields: NodeRequirements = None
    """Conditions on the node's fields."""


class NodeSelector(ApiModel):
    """Terms of which a node meets at least one."""

    model_config = _ATOMIC

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

    model_config = _ATOMIC

    match_labels: LabelMap | None = None
    """Labels with their exact values."""

    match_expressions: LabelRequirements = None
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
