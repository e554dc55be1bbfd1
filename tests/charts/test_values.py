import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from e2e.cluster.fixture import Kubectl
from e2e.tools import values_table
from e2e.tools.helm import CHART, NAMESPACE, RELEASE, Helm
from tests.charts.conftest import VALUES

Json = dict[str, Any]
SCHEMA: Json = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS: Json = yaml.safe_load((CHART / "values.yaml").read_text())

REFUSED = [
    ("replica=1", "additional properties 'replica' not allowed"),
    ("image.tga=1", "at '/image': additional properties 'tga' not allowed"),
    ("resources.limit.cpu=1", "at '/resources': additional properties 'limit' not allowed"),
    ("metrics.service.ports=1", "at '/metrics/service': additional properties 'ports' not allowed"),
    ("networkPolicy.extraEgress[0].form=1", "at '/networkPolicy/extraEgress/0': additional properties 'form'"),
    ("tolerations[0].efect=NoSchedule", "at '/tolerations/0': additional properties 'efect' not allowed"),
    ("affinity.nodeAfinity.x=1", "at '/affinity': additional properties 'nodeAfinity' not allowed"),
    ("extraEnv[0].nam=X", "at '/extraEnv/0': additional properties 'nam' not allowed"),
    ("replicas=-1", "at '/replicas': minimum: got -1, want 0"),
    ("replicas=many", "at '/replicas': got string, want integer"),
    ("allowedSecrets={login}", "at '/allowedSecrets/0': 'login' does not match pattern"),
    ("allowedHosts={https://a}", "at '/allowedHosts/0'"),
    ("logLevel=LOUD", "at '/logLevel': value must be one of 'DEBUG', 'INFO', 'WARNING', 'ERROR'"),
    ("image.pullPolicy=Sometimes", "at '/image/pullPolicy': value must be one of"),
    ("image.digest=abc", "at '/image/digest': 'abc' does not match pattern"),
    (
        "imageRegistry=https://registry.example.com",
        "at '/imageRegistry': 'https://registry.example.com' does not match",
    ),
    ("watchNamespaces={Plant}", "at '/watchNamespaces/0': 'Plant' does not match pattern"),
    ("watchNamespaces={a,a}", "at '/watchNamespaces': items at 0 and 1 are equal"),
    ("fullnameOverride=-x", "at '/fullnameOverride': '-x' does not match pattern"),
    ("serviceAccount.create=false", "at '/serviceAccount/name': minLength: got 0, want 1"),
    ("podLabels.a=b c", "at '/podLabels/a': 'b c' does not match pattern"),
    ("extraEnv[0].name=EDGE_LOG_LEVEL", "at '/extraEnv/0/name'"),
    ("networkPolicy.apiServerPorts={6443,6443}", "at '/networkPolicy/apiServerPorts': items at 0 and 1 are equal"),
    ("networkPolicy.apiServerPorts={0}", "at '/networkPolicy/apiServerPorts/0'"),
    ("metrics.serviceMonitor.enabled=true,metrics.service.enabled=false", "at '/metrics/service/enabled'"),
    ("podDisruptionBudget.maxUnavailable=all", "at '/podDisruptionBudget/maxUnavailable'"),
    ("resources.limits.memory=lots", "at '/resources/limits/memory'"),
]

# Definition of values.schema.json → the type of the API server whose fields it lists.
TYPES = {
    "resources": "v1.ResourceRequirements",
    "labelSelector": "LabelSelector",
    "toleration": "v1.Toleration",
    "affinity": "v1.Affinity",
    "topologySpreadConstraint": "v1.TopologySpreadConstraint",
    "envVar": "v1.EnvVar",
    "networkPolicyPort": "v1.NetworkPolicyPort",
    "networkPolicyPeer": "v1.NetworkPolicyPeer",
    "ingressRule": "v1.NetworkPolicyIngressRule",
    "egressRule": "v1.NetworkPolicyEgressRule",
    "localReference": "v1.LocalObjectReference",
}


@pytest.mark.parametrize(("settings", "said"), REFUSED, ids=[settings for settings, _ in REFUSED])
def test_refused(helm: Helm, settings: str, said: str) -> None:
    done = helm.run("template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--set", settings)
    assert done.returncode != 0
    assert said in done.stderr


def test_old_clusters_are_refused(helm: Helm) -> None:
    done = helm.run("template", RELEASE, str(CHART), "--kube-version", "1.31.9")
    assert done.returncode != 0
    assert "requires kubeVersion: >=1.32.0-0 which is incompatible with Kubernetes v1.31.9" in done.stderr
    assert helm("template", RELEASE, str(CHART), "--kube-version", "v1.32.4-gke.1")


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_accepted_without_helm(path: Any) -> None:
    values = yaml.safe_load(path.read_text())
    jsonschema.Draft7Validator(SCHEMA).validate(values)


def test_defaults_are_all_in_the_schema_and_the_other_way_round() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.Draft7Validator(SCHEMA).validate(DEFAULTS)
    # `global` comes from umbrella charts.
    assert SCHEMA["properties"].keys() - {"global"} == DEFAULTS.keys()
    for name, part in SCHEMA["properties"].items():
        if "properties" in part:
            assert part["properties"].keys() == DEFAULTS[name].keys(), name


def test_full_values_differ_from_every_default() -> None:
    full = yaml.safe_load(next(path for path in VALUES if path.stem == "full").read_text())
    rows = {name for name, _, _ in values_table.rows(SCHEMA, DEFAULTS)}
    assert {name for name, _, _ in values_table.rows(SCHEMA, full)} == rows
    default = {name: value for name, value, _ in values_table.rows(SCHEMA, DEFAULTS)}
    same = {name for name, value, _ in values_table.rows(SCHEMA, full) if value == default[name]}
    # A switch that is on by default would leave the rest of its part untested.
    assert same == {name for name in rows if name.endswith((".create", ".enabled"))} - {
        "metrics.serviceMonitor.enabled"
    }


def objects(schema: Any) -> Iterator[Json]:
    if isinstance(schema, list):
        for each in schema:
            yield from objects(each)
    elif isinstance(schema, dict):
        if "properties" in schema and "type" in schema:
            yield schema
        for key, value in schema.items():
            for each in value.values() if key in {"properties", "definitions"} else [value]:
                yield from objects(each)


def test_no_object_takes_unknown_keys() -> None:
    found = list(objects(SCHEMA))
    assert len(found) > 30
    assert [each["description"] for each in found if each["additionalProperties"] is not False] == []


def test_every_value_is_described() -> None:
    undescribed = [
        name for each in objects(SCHEMA) for name, part in each["properties"].items() if not part.get("description")
    ]
    assert undescribed == []


class Fields:
    """Compares the fields that are listed here with those of the API server, all the way down."""

    def __init__(self, theirs: dict[str, Json]) -> None:
        self.theirs = theirs
        self.differences: list[str] = []

    def compare(self, ours: Json, theirs: Json, place: str, seen: frozenset[str] = frozenset()) -> None:
        own, name = self._own(ours), self._name(theirs)
        type_ = self.theirs[name] if name else theirs
        if name in seen or "properties" not in own:
            return
        if own["properties"].keys() != type_.get("properties", {}).keys():
            difference = own["properties"].keys() ^ type_.get("properties", {}).keys()
            self.differences.append(f"{place}: {sorted(difference)}")
        for field, part in own["properties"].items():
            if field in type_.get("properties", {}):
                self.compare(part, type_["properties"][field], f"{place}.{field}", seen | {name})
        return

    def _own(self, schema: Json) -> Json:
        for each in schema.get("allOf", [schema]):
            reference = each.get("$ref")
            if reference:
                return self._own(SCHEMA["definitions"][reference.rpartition("/")[2]])
        return self._own(schema["items"]) if "items" in schema else schema

    def _name(self, schema: Json) -> str:
        if "items" in schema:
            return self._name(schema["items"])
        references: list[Json] = schema.get("allOf", [schema])
        return str(references[0].get("$ref", "")).rpartition("/")[2]


@pytest.fixture(scope="module")
def theirs(cluster_kubectl: Kubectl) -> dict[str, Json]:
    """The types of the API server by name."""
    found: dict[str, Json] = {}
    for path in ("/openapi/v3/apis/apps/v1", "/openapi/v3/apis/networking.k8s.io/v1"):
        found |= json.loads(cluster_kubectl("get", "--raw", path).stdout)["components"]["schemas"]
    return found


@pytest.mark.process
@pytest.mark.parametrize(("definition", "type_"), TYPES.items(), ids=TYPES)
def test_fields_are_those_of_the_api_server(theirs: dict[str, Json], definition: str, type_: str) -> None:
    (name,) = [each for each in theirs if each.endswith(f".{type_}")]
    fields = Fields(theirs)
    fields.compare(SCHEMA["definitions"][definition], {"$ref": f"#/{name}"}, definition)
    assert fields.differences == []


def test_readme_has_the_table() -> None:
    readme = (CHART / "README.md").read_text()
    assert values_table.written(readme, values_table.table(SCHEMA, DEFAULTS)) == readme
    assert "| `replicas` | `2` |" in readme


def test_table_needs_its_marks() -> None:
    with pytest.raises(ValueError, match="put both marks"):
        values_table.written("no marks here", "table")
