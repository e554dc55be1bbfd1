import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.tools.helm import CHART, NAMESPACE, RELEASE, Helm
from tests.charts.rendering import Rendering, of_operator, rbac_file, render, rules
from tests.edge_operator.desired.restricted import violations

# Each with the reason why it is right not to do as kube-score says.
NOT_FOLLOWED = {
    "container-image-pull-policy": "Always would keep a site that is cut off from starting its operator again",
    "deployment-has-host-podantiaffinity": "topologySpreadConstraints over hostnames say the same, and scale better",
}
# kube-score grades from 1 (critical) to 10.
ALL_IS_WELL = 10
# What a person who leaves something out has chosen himself.
LEFT_OUT = {"bare": {"pod-networkpolicy"}}
# Its CRD belongs to the Prometheus operator; test_metrics looks at it instead.
NO_SCHEMA = "ServiceMonitor"


def kubeconform(tools: dict[str, Path], location: str, text: str) -> dict[str, Any]:
    command = [str(tools["kubeconform"]), "-strict", "-summary", "-output=json", "-skip", NO_SCHEMA]
    done = subprocess.run(
        [*command, "-schema-location", location], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_lint(helm: Helm, rendering: Rendering, tmp_path: Path) -> None:
    values = tmp_path / "values.json"
    values.write_text(json.dumps(rendering.values))
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART), "--values", str(values))


@pytest.mark.process
def test_kubeconform(tools: dict[str, Path], schema_location: str, rendering: Rendering) -> None:
    answer = kubeconform(tools, schema_location, rendering.text)
    skipped = len(rendering.of_kind(NO_SCHEMA))
    expected = {"valid": len(rendering.objects) - skipped, "invalid": 0, "errors": 0, "skipped": skipped}
    assert answer["summary"] == expected, answer


@pytest.mark.process
@pytest.mark.parametrize("path", sorted((CHART / "crds").glob("*.yaml")), ids=lambda path: path.stem)
def test_kubeconform_of_crds(tools: dict[str, Path], schema_location: str, path: Path) -> None:
    answer = kubeconform(tools, schema_location, path.read_text())
    assert answer["summary"] == {"valid": 1, "invalid": 0, "errors": 0, "skipped": 0}, answer


@pytest.mark.process
@pytest.mark.parametrize("path", sorted((CHART.parents[1] / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_kubeconform_of_examples(tools: dict[str, Path], schema_location: str, path: Path) -> None:
    answer = kubeconform(tools, schema_location, path.read_text())
    assert answer["summary"] | {"valid": 0} == {"valid": 0, "invalid": 0, "errors": 0, "skipped": 0}, answer


@pytest.mark.process
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("revisionHistoryLimit:", "revisionHistoryLimits:"),
        ("failureThreshold:", "failureTreshold:"),
        ("replicas: 2", "replicas: two"),
        ("policyTypes: [Ingress, Egress]", "policyTypes: Ingress"),
        ("kind: Lease", "kind: Leash"),
    ],
)
def test_kubeconform_finds_faults(
    tools: dict[str, Path], schema_location: str, helm: Helm, was: str, becomes: str
) -> None:
    text = render(helm).text
    assert was in text
    summary = kubeconform(tools, schema_location, text.replace(was, becomes))["summary"]
    assert summary["invalid"] + summary["errors"] > 0


def kube_score(tools: dict[str, Path], text: str) -> set[str]:
    command = [str(tools["kube-score"]), "score", "--kubernetes-version=v1.32", "--output-format=json", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
    checks = [check for scored in json.loads(done.stdout) for check in scored["checks"] if not check["skipped"]]
    assert len(checks) > 10
    return {check["check"]["id"] for check in checks if check["grade"] < ALL_IS_WELL}


def test_kube_score(tools: dict[str, Path], rendering: Rendering, request: pytest.FixtureRequest) -> None:
    left_out = LEFT_OUT.get(request.node.callspec.params["rendering"].stem, set())
    assert kube_score(tools, rendering.text) <= NOT_FOLLOWED.keys() | left_out


def test_kube_score_needs_its_exceptions(tools: dict[str, Path], helm: Helm) -> None:
    assert kube_score(tools, render(helm).text) == NOT_FOLLOWED.keys()


def test_pods_are_restricted(rendering: Rendering) -> None:
    assert violations(rendering.pod["spec"]) == []


def test_rules_are_those_of_the_file(rendering: Rendering) -> None:
    if not rendering.values["rbac"]["create"]:
        assert not [each for each in of_operator(rendering.objects) if "Role" in each["kind"]]
        return
    cluster_wide = {
        name.replace("edge-operator", rendering.name): given
        for name, given in rules(rbac_file(), "ClusterRole").items()
    }
    if rendering.values["watchNamespaces"]:
        (everything,) = cluster_wide.values()
        crds = [rule for rule in everything if rule["apiGroups"] == ["apiextensions.k8s.io"]]
        assert len(crds) == 1
        cluster_wide[f"{rendering.name}-crds"] = crds
    assert rules(of_operator(rendering.objects), "ClusterRole") == cluster_wide
    in_namespace = rules(rbac_file(), "Role")
    expected = {name.replace("edge-operator", rendering.name): given for name, given in in_namespace.items()}
    assert rules(rendering.objects, "Role") == expected


def test_rights_are_bound_to_the_operator_alone(rendering: Rendering) -> None:
    bindings = [each for each in rendering.objects if each["kind"] in {"RoleBinding", "ClusterRoleBinding"}]
    subject = {"kind": "ServiceAccount", "name": rendering.service_account, "namespace": "edge-system"}
    assert all(each["subjects"] == [subject] for each in bindings)
    bound = {
        (each["kind"], each["metadata"].get("namespace", ""), each["roleRef"]["kind"], each["roleRef"]["name"])
        for each in bindings
    }
    name, watched = rendering.name, rendering.values["watchNamespaces"]
    expected = {("RoleBinding", "edge-system", "Role", f"{name}-lease")}
    expected |= {("RoleBinding", namespace, "ClusterRole", name) for namespace in watched}
    expected.add(("ClusterRoleBinding", "", "ClusterRole", f"{name}-crds" if watched else name))
    assert bound == (expected if rendering.values["rbac"]["create"] else set())


def test_every_object_of_the_file_is_rendered(helm: Helm) -> None:
    file = {(each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")) for each in rbac_file()}
    objects = of_operator(render(helm).objects)
    chart = {(each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")) for each in objects}
    assert file <= chart
    kinds = {"ServiceAccount", "Lease", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
    assert {each for each in chart if each[0] in kinds} == file


def test_roles_of_users_are_aggregated_and_concern_our_resources_only(rendering: Rendering) -> None:
    found = [each for each in rendering.objects if each not in of_operator(rendering.objects)]
    if not rendering.values["rbac"]["userRoles"]:
        assert not found
        return
    aggregated = "rbac.authorization.k8s.io/aggregate-to-"
    verbs = {"view": {"get", "list", "watch"}, "edit": {"create", "update", "patch", "delete", "deletecollection"}}
    assert {each["metadata"]["name"] for each in found} == {f"{rendering.name}-{role}" for role in verbs}
    for each in found:
        (role,) = [key.removeprefix(aggregated) for key in each["metadata"]["labels"] if key.startswith(aggregated)]
        (rule,) = each["rules"]
        assert each["kind"] == "ClusterRole"
        assert rule["apiGroups"] == ["edge-stack.io"]
        assert rule["resources"] == ["edgesites", "edgedevices"], "never a status: the operator alone writes it"
        assert set(rule["verbs"]) == verbs[role]


def test_namespaces_that_look_like_numbers(helm: Helm) -> None:
    rendering = render(helm, namespace="2024")
    assert {each["metadata"].get("namespace", "2024") for each in rendering.objects} == {"2024"}
    (subject,) = rendering.one("ClusterRoleBinding")["subjects"]
    assert subject["namespace"] == "2024"


def test_a_package_renders_the_same(helm: Helm, tmp_path: Path) -> None:
    helm("package", str(CHART), "--destination", str(tmp_path))
    (package,) = tmp_path.iterdir()
    assert package.name == "edge-stack-0.1.0.tgz"
    assert helm("template", RELEASE, str(package), "--namespace", NAMESPACE, "--include-crds") == helm(
        "template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--include-crds"
    )


def test_part_of_an_umbrella_chart(helm: Helm, tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    shutil.copytree(CHART, tmp_path / "charts" / CHART.name)
    dependency = {"name": CHART.name, "version": "0.1.0"}
    chart = {"apiVersion": "v2", "name": "umbrella", "version": "1.0.0", "dependencies": [dependency]}
    (tmp_path / "Chart.yaml").write_text(json.dumps(chart))
    values = {"global": {"region": "north"}, CHART.name: {"replicas": 3}}
    (tmp_path / "values.yaml").write_text(json.dumps(values))
    text = helm("template", RELEASE, str(tmp_path), "--namespace", NAMESPACE)
    (deployment,) = [each for each in yaml.safe_load_all(text) if each["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 3
