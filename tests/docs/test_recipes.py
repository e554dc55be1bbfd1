"""docs/recipes.md: the files that it names are there, and what it says is noticed is noticed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_operator.api.edgedevice import EdgeDeviceStatus
from edge_operator.api.site_status import EdgeSiteStatus
from edge_operator.desired.kinds import CHILD_KINDS, ChildKind, kind_of
from edge_operator.status import conditions, device

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/recipes.md"
RBAC = ROOT / "charts/edge-stack/files/operator-rbac.yaml"
VERBS = {"get", "list", "watch", "create", "patch", "delete"}


def rights() -> dict[tuple[str, str], set[str]]:
    """Return the verbs that the operator has, by API group and plural."""
    found: dict[tuple[str, str], set[str]] = {}
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(RBAC.read_text()))
    for rule in (rule for each in documents if each["kind"] == "ClusterRole" for rule in each["rules"]):
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                if not rule.get("resourceNames"):
                    found.setdefault((group, resource), set()).update(rule["verbs"])
    return found


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:operator|workloads|tests|charts|examples)/[A-Za-z0-9_./-]+)`", PAGE.read_text()))
    assert len(named) > 20
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("kind", CHILD_KINDS, ids=lambda kind: kind.kind)
def test_the_operator_may_write_every_kind(kind: ChildKind) -> None:
    group = kind.api_version.rpartition("/")[0]
    missing = VERBS - rights().get((group, kind.plural), set())
    assert not missing, f"add {sorted(missing)} for {kind.plural} to {RBAC.relative_to(ROOT)}"


def test_a_kind_that_is_missing_is_named_with_the_files_to_change() -> None:
    unknown = {"apiVersion": "example.com/v1", "kind": "Unknown", "metadata": {"name": "a"}}
    with pytest.raises(LookupError, match=r"Unknown \(example\.com/v1\).*kinds\.py.*rbac\.yaml"):
        kind_of(unknown)


@pytest.mark.parametrize(
    ("status", "types"),
    [
        pytest.param(EdgeSiteStatus, conditions.CONDITION_TYPES, id="EdgeSite"),
        pytest.param(EdgeDeviceStatus, (*device.CONDITION_TYPES, "Connected"), id="EdgeDevice"),
    ],
)
def test_kubectl_explain_names_every_condition(
    status: type[EdgeSiteStatus] | type[EdgeDeviceStatus], types: tuple[str, ...]
) -> None:
    described = status.model_fields["conditions"].description or ""
    assert [each for each in types if each not in described] == []
