"""docs/first-site.md says what the pods of a site with the defaults request."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edge_operator.api.quantity import parse_quantity
from tests.edge_operator.desired.sites import children

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "first-site.md").read_text()
SMALL = {"gateway": {"replicas": 1}, "processor": {"replicas": 1}}


def requests(spec: dict[str, Any], resource: str) -> Decimal:
    """Return what all pods request together: the sidecars of a pod count as well."""
    total = Decimal(0)
    for (kind, _), manifest in children(spec).items():
        if kind == "Deployment":
            pod = manifest["spec"]["template"]["spec"]
            containers = [*pod["containers"], *pod.get("initContainers", ())]
            each = sum(parse_quantity(container["resources"]["requests"][resource]) for container in containers)
            total += each * manifest["spec"]["replicas"]
    return total


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, "They request {cpu:,}m of CPU and {memory:,}Mi of memory together"),
        (SMALL, "to 1 ({cpu:,}m and {memory:,}Mi)"),
    ],
    ids=["defaults", "one gateway and one processor"],
)
def test_page_has_the_sums(spec: dict[str, Any], text: str) -> None:
    cpu, memory = int(requests(spec, "cpu") * 1000), int(requests(spec, "memory") / 1024**2)
    assert text.format(cpu=cpu, memory=memory) in PAGE
