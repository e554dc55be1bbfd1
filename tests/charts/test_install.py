"""Install and upgrade, for real; the tests follow one another."""

import json
from pathlib import Path

import pytest
import yaml

from e2e.tools.helm import CHART, NAMESPACE, RELEASE
from tests.charts.installed import KINDS, SITE, Cluster
from tests.charts.rendering import of_operator, rbac_file, render, rules
from tests.support.processes import eventually

pytestmark = pytest.mark.process


def test_install_from_nothing(bare: Cluster) -> None:
    said = bare.helm("install", RELEASE, str(CHART), "-n", NAMESPACE, "--create-namespace")
    assert f"kubectl -n {NAMESPACE} rollout status deployment/edge-operator" in said
    assert "kind: EdgeSite" in said
    assert "helm show crds" in said
    names = {each["metadata"]["name"] for each in bare.get("crds")["items"]}
    assert names == {"edgesites.edge-stack.io", "edgedevices.edge-stack.io"}
    found = {
        each["kind"] for each in bare.get(KINDS, "-n", NAMESPACE, "-l", "app.kubernetes.io/name=edge-operator")["items"]
    }
    kinds = {"Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget", "Role", "RoleBinding", "ServiceAccount"}
    assert found == kinds
    there = bare.get("clusterroles", "-l", "app.kubernetes.io/part-of=edge-stack")["items"]
    assert rules(of_operator(there), "ClusterRole") == rules(rbac_file(), "ClusterRole")
    assert bare.lease() == {}


def test_the_next_step_of_the_notes_works(installed_chart: Cluster) -> None:
    notes = installed_chart.helm("get", "notes", RELEASE, "-n", NAMESPACE)
    manifest = notes.partition("<<END\n")[2].partition("END\n")[0]
    site = yaml.safe_load("\n".join(line.removeprefix("     ") for line in manifest.splitlines()))
    installed_chart.kubectl("apply", "-f", "-", stdin=json.dumps(site))
    installed_chart.kubectl("delete", "edgesite", site["metadata"]["name"])


def test_pods_are_made_under_restricted(installed_chart: Cluster) -> None:
    installed_chart.kubectl("label", "ns", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted", "--overwrite")
    installed_chart.kubectl("-n", NAMESPACE, "delete", "pods", "--all", "--force", "--grace-period=0")

    def pods() -> bool:
        return len(installed_chart.get("pods", "-n", NAMESPACE)["items"]) == 2

    eventually("two pods under restricted", pods)
    template = installed_chart.get("deployment", "edge-operator", "-n", NAMESPACE)["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried", "namespace": NAMESPACE}, **template}
    pod["metadata"] = template["metadata"] | {"name": "tried", "namespace": NAMESPACE}
    installed_chart.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
    del pod["spec"]["securityContext"]
    refused = installed_chart.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False)
    assert 'violates PodSecurity "restricted' in refused.stderr


def test_upgrade_changes_what_is_asked_for(installed_chart: Cluster) -> None:
    installed_chart.helm.install("--set", "replicas=3,logLevel=DEBUG")
    spec = installed_chart.get("deployment", "edge-operator", "-n", NAMESPACE)["spec"]
    env = {each["name"]: each.get("value") for each in spec["template"]["spec"]["containers"][0]["env"]}
    assert spec["replicas"] == 3
    assert env["EDGE_LOG_LEVEL"] == "DEBUG"


def test_crds_are_upgraded_by_the_command_of_the_readme(installed_chart: Cluster, tmp_path: Path) -> None:
    path = CHART / "crds" / "edge-stack.io_edgesites.yaml"
    crd = yaml.safe_load(path.read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["location"]["description"] = "said in other words"
    spec["properties"]["comes"] = {"type": "string", "description": "A field of the next release."}
    (tmp_path / path.name).write_text(yaml.safe_dump(crd))
    command = next(
        line
        for line in (CHART / "README.md").read_text().splitlines()
        if line.startswith("kubectl apply --server-side")
    )
    apply = command.split()[1:-1]
    installed_chart.kubectl(*apply, str(tmp_path))
    with_new_field = SITE | {"metadata": {"name": "new", "namespace": "default"}, "spec": {"comes": "x"}}
    installed_chart.kubectl(
        "create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(with_new_field)
    )
    installed_chart.kubectl(*apply, str(CHART / "crds"))
    refused = installed_chart.kubectl(
        "create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(with_new_field), check=False
    )
    assert 'unknown field "spec.comes"' in refused.stderr


@pytest.mark.parametrize(
    ("role", "verb", "answer"),
    [
        ("view", "get", "yes"),
        ("view", "patch", "no"),
        ("edit", "get", "yes"),
        ("edit", "patch", "yes"),
        ("admin", "delete", "yes"),
        ("", "get", "no"),
    ],
)
def test_users_of_a_namespace_have_rights_to_sites_and_devices(
    installed_chart: Cluster, role: str, verb: str, answer: str
) -> None:
    user = f"ann-{role}"
    if role:
        binding = ("rolebinding", user, f"--clusterrole={role}", f"--user={user}", "-n", "default")
        installed_chart.kubectl("create", *binding)
    try:
        for resource in ("edgesites.edge-stack.io", "edgedevices.edge-stack.io"):

            def is_so(resource: str = resource) -> bool:
                asked = ("auth", "can-i", verb, resource, "-n", "default", f"--as={user}")
                return installed_chart.kubectl(*asked, check=False).stdout.strip() == answer

            # The controller manager aggregates the roles after their creation.
            eventually(f"{user} {verb} {resource}: {answer}", is_so)
            if role:
                status = ("auth", "can-i", "patch", resource, "--subresource=status", "-n", "default", f"--as={user}")
                assert installed_chart.kubectl(*status, check=False).stdout.strip() == "no"
    finally:
        if role:
            installed_chart.kubectl("delete", "rolebinding", user, "-n", "default")


def test_a_second_operator_needs_another_name(installed_chart: Cluster) -> None:
    arguments = ("install", "second", str(CHART), "-n", "second", "--create-namespace", "--set")
    refused = installed_chart.helm.run(*arguments, "watchNamespaces={default}")
    assert refused.returncode != 0
    assert 'ClusterRole "edge-operator"' in refused.stderr
    try:
        installed_chart.helm(*arguments, "watchNamespaces={default},fullnameOverride=second")
        lease = installed_chart.get("lease", "second", "-n", "second")
        assert lease["metadata"]["labels"]["app.kubernetes.io/instance"] == "second"
    finally:
        installed_chart.helm("uninstall", "second", "-n", "second", "--ignore-not-found")


def test_rights_at_the_api_server_are_those_rendered(installed_chart: Cluster) -> None:
    rendered = rules(render(installed_chart.helm).objects, "ClusterRole")
    there = installed_chart.get("clusterroles", "-l", "app.kubernetes.io/part-of=edge-stack")["items"]
    assert rules(there, "ClusterRole") == rendered
