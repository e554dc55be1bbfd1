"""The examples can be applied as they are, and the full one shows everything that there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.cluster.fixture import Kubectl
from edge_operator.api.edgedevice import EdgeDevice
from edge_operator.api.edgesite import EdgeSite, EdgeSiteSpec
from edge_operator.api.structural import structural_schema

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
KINDS = {"EdgeSite": EdgeSite, "EdgeDevice": EdgeDevice}


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_there_are_examples() -> None:
    names = {path.stem for path in EXAMPLES}
    assert names >= {"smallest-site", "full-site", "external-broker-site", "two-sites"}


@pytest.mark.process
@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_api_server_takes_it(kubectl: Kubectl, namespace: str, path: Path) -> None:
    own = documents(path)
    done = kubectl("apply", "-n", namespace, "-f", "-", stdin=yaml.safe_dump_all(own))
    assert len(re.findall("(created|configured|unchanged)$", done.stdout, re.MULTILINE)) == len(own)
    assert not done.stderr
    kubectl("delete", "-n", namespace, "-f", "-", stdin=yaml.safe_dump_all(own))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_program_reads_it(path: Path) -> None:
    for document in documents(path):
        if document["kind"] in KINDS:
            KINDS[document["kind"]].model_validate(document)


def paths(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        yield f"{path}{name}"
        yield from paths(child.get("items", child), f"{path}{name}.")


def mentioned(value: Any, path: str = "") -> Iterator[str]:
    for name, child in value.items() if isinstance(value, dict) else ():
        yield f"{path}{name}"
        for inner in child if isinstance(child, list) else [child]:
            yield from mentioned(inner, f"{path}{name}.")


def test_the_full_example_has_every_setting() -> None:
    (site,) = documents(next(path for path in EXAMPLES if path.stem == "full-site"))
    elsewhere = ("broker.external", "scheduling.affinity.", "scheduling.tolerations.tolerationSeconds")
    expected = {path for path in paths(structural_schema(EdgeSiteSpec)) if not path.startswith(elsewhere)}
    assert expected - set(mentioned(site["spec"])) == set()
