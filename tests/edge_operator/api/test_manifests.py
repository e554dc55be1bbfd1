"""What the API server says to good and bad manifests: the table in cases/, word by word."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.cluster.fixture import Kubectl

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("installed")]

CASES = Path(__file__).parent / "cases"
NOISE = "some validation rules were not checked because the object was invalid"


def cases(file: str) -> list[Any]:
    table = yaml.safe_load((CASES / file).read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["case"].replace(" ", "-")) for case in table]


def manifest(kind: str, name: str, content: dict[str, Any]) -> str:
    head = {"apiVersion": "edge-stack.io/v1alpha1", "kind": kind, "metadata": {"name": name}}
    return json.dumps(head | content)


def name_of(case: dict[str, Any]) -> str:
    return str(case.get("name") or "x-" + re.sub("[^a-z0-9]+", "-", case["case"].lower())[:40].strip("-"))


def many(value: Any) -> Any:
    """Write out `{times: 3, of: x}`; `%` in x becomes the index."""
    if isinstance(value, dict) and set(value) == {"times", "of"}:
        written = [json.loads(json.dumps(value["of"]).replace("%", str(index))) for index in range(value["times"])]
        if isinstance(value["of"], dict) and not {"name", "sensorType"} & set(value["of"]):
            return {key: item for part in written for key, item in part.items()}
        return "".join(written) if isinstance(value["of"], str) else written
    if isinstance(value, dict):
        return {key: many(item) for key, item in value.items()}
    return [many(item) for item in value] if isinstance(value, list) else value


def said(stderr: str, name: str) -> list[str]:
    """Return what the user reads, one entry for a complaint, without the object's name."""
    text = re.sub(r'error when \w+ "STDIN": ', "", stderr).replace(f'"{name}"', "NAME")
    text = re.sub(r"^(The \w+ NAME is invalid|Error from server \(\w+\)):\s*", "", text.strip())
    complaints = [line.removeprefix("* ") for line in text.splitlines()]
    return sorted(complaint for complaint in complaints if NOISE not in complaint)  # their order is random


def check(kubectl: Kubectl, case: dict[str, Any], *command: str, stdin: str) -> None:
    done = kubectl(*command, "-f", "-", stdin=stdin, check=False)
    expected = case.get("error", [])
    assert said(done.stderr, name_of(case)) == ([expected] if isinstance(expected, str) else expected)
    assert (done.returncode == 0) == ("error" not in case)


@pytest.mark.parametrize("case", cases("edgesite.yaml"))
def test_site(kubectl: Kubectl, namespace: str, case: dict[str, Any]) -> None:
    content = case.get("manifest", {"spec": many(case.get("spec"))})
    text = manifest("EdgeSite", name_of(case), content)
    check(kubectl, case, "create", "-n", namespace, "--dry-run=server", "--validate=strict", stdin=text)


@pytest.mark.parametrize("case", cases("edgedevice.yaml"))
def test_device(kubectl: Kubectl, namespace: str, case: dict[str, Any]) -> None:
    content = case.get("manifest", {"spec": many(case.get("spec"))})
    text = manifest("EdgeDevice", name_of(case), content)
    check(kubectl, case, "create", "-n", namespace, "--dry-run=server", "--validate=strict", stdin=text)


@pytest.mark.parametrize("case", cases("transitions.yaml"))
def test_change(kubectl: Kubectl, namespace: str, case: dict[str, Any]) -> None:
    kind, name = case["kind"], name_of(case)
    kubectl("create", "-n", namespace, "-f", "-", stdin=manifest(kind, name, {"spec": case["before"]}))
    after = manifest(kind, name, {"spec": case["after"]})
    check(kubectl, case, "replace", "-n", namespace, "--validate=strict", stdin=after)
