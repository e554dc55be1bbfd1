from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.tools.helm import CHART, Helm
from edge_operator.desired import ports
from edge_operator.desired.metadata import METRICS_LABEL, OPERATOR_NAME, app_name
from edge_operator.settings import Settings
from tests.charts.rendering import Manifest, Rendering, render

VALUES = Path(__file__).parent / "values"


def test_sites_let_the_pods_in(rendering: Rendering) -> None:
    labels = rendering.pod["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == OPERATOR_NAME
    assert rendering.one("Deployment")["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert rendering.environment["EDGE_OPERATOR_NAMESPACE"] == {"fieldRef": {"fieldPath": "metadata.namespace"}}


def test_the_operator_takes_the_environment(rendering: Rendering, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: value for name, value in rendering.environment.items() if isinstance(value, str)}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    known = {f"EDGE_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in given if name.startswith("EDGE_")} <= known
    assert settings.watch_namespaces == tuple(rendering.values["watchNamespaces"])
    assert settings.lease_name == rendering.one("Lease")["metadata"]["name"]
    assert settings.log_level == rendering.values["logLevel"]
    assert list(settings.allowed_secrets) == rendering.values["allowedSecrets"]
    assert list(settings.allowed_hosts) == rendering.values["allowedHosts"]
    assert settings.image_registry == rendering.values["imageRegistry"]


def test_probes_and_metrics_are_where_the_operator_has_them(rendering: Rendering) -> None:
    (container,) = rendering.pod["spec"]["containers"]
    (port,) = container["ports"]
    assert port["containerPort"] == Settings.model_fields["probe_port"].default
    for name, path in {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}.items():
        assert container[name]["httpGet"] == {"path": path, "port": port["name"]}
    for service in rendering.of_kind("Service"):
        assert service["spec"]["ports"][0]["targetPort"] == port["name"]
        assert service["spec"]["selector"].items() <= rendering.pod["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("settings", "image"),
    [
        ((), "edge-stack/edge-operator:0.1.0"),
        (("imageRegistry=r.example:5000/m/",), "r.example:5000/m/edge-stack/edge-operator:0.1.0"),
        (("image.tag=1.2",), "edge-stack/edge-operator:1.2"),
        (("image.tag=1.2", f"image.digest=sha256:{'a' * 64}"), f"edge-stack/edge-operator@sha256:{'a' * 64}"),
        (("image.repository=docker.io/own/op",), "docker.io/own/op:0.1.0"),
    ],
)
def test_image(helm: Helm, settings: tuple[str, ...], image: str) -> None:
    (container,) = render(helm, settings=settings).pod["spec"]["containers"]
    assert container["image"] == image


def test_default_replicas_are_two_with_a_budget(helm: Helm) -> None:
    rendering = render(helm)
    assert rendering.one("Deployment")["spec"]["replicas"] == 2
    budget = rendering.one("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == rendering.one("Deployment")["spec"]["selector"]


@pytest.mark.parametrize(
    ("settings", "budgets"),
    [((), 1), (("replicas=1",), 0), (("replicas=0",), 0), (("podDisruptionBudget.enabled=false",), 0)],
)
def test_budget_only_from_two_replicas_on(helm: Helm, settings: tuple[str, ...], budgets: int) -> None:
    assert len(render(helm, settings=settings).of_kind("PodDisruptionBudget")) == budgets


def _reaches(rule: Manifest, peer: dict[str, Any] | None, port: int) -> bool:
    return (peer is None) == ("to" not in rule) and any(each["port"] == port for each in rule["ports"])


def test_network_policy_lets_through_what_is_needed(helm: Helm) -> None:
    spec = render(helm).one("NetworkPolicy")["spec"]
    brokers = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": app_name("mqtt")}}}
    for peer, port in [(None, ports.DNS), (None, 6443), (brokers, ports.MQTT_COMPONENTS), (None, ports.MQTTS)]:
        (rule,) = [each for each in spec["egress"] if _reaches(each, peer, port)]
        assert peer is None or rule["to"] == [peer]
    (ingress,) = spec["ingress"]
    assert ingress["from"] == [{"namespaceSelector": {"matchLabels": {METRICS_LABEL: "true"}}}]


def test_network_policy_has_no_rule_without_ports(helm: Helm) -> None:
    # A rule without ports allows all of them.
    spec = render(helm, settings=["networkPolicy.externalBrokerPorts=null"]).one("NetworkPolicy")["spec"]
    assert all(each["ports"] for each in spec["egress"])


def test_full_values_arrive(helm: Helm) -> None:
    rendering = render(helm, VALUES / "full.yaml")
    values, pod = rendering.values, rendering.pod
    taken = {"nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName"}
    for key in taken | {"imagePullSecrets", "terminationGracePeriodSeconds"}:
        assert pod["spec"][key] == values[key], key
    assert pod["spec"]["containers"][0]["resources"] == values["resources"]
    assert pod["metadata"]["labels"]["team"] == "plant"
    assert values["podAnnotations"].items() <= pod["metadata"]["annotations"].items()
    assert values["extraEnv"] == pod["spec"]["containers"][0]["env"][-2:]
    assert {each["metadata"]["name"] for each in rendering.of_kind("Deployment")} == {"plant-operator"}
    policy = rendering.one("NetworkPolicy")["spec"]
    assert policy["ingress"][1:] == values["networkPolicy"]["extraIngress"]
    assert policy["egress"][-1:] == values["networkPolicy"]["extraEgress"]
    cidrs = [{"ipBlock": {"cidr": each}} for each in values["networkPolicy"]["apiServerCIDRs"]]
    assert cidrs in [each.get("to") for each in policy["egress"]]


def test_metrics(helm: Helm) -> None:
    monitor = render(helm, VALUES / "full.yaml").one("ServiceMonitor")
    service = render(helm, VALUES / "full.yaml").one("Service")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {"port": service["spec"]["ports"][0]["name"], "path": "/metrics"} | {
        "interval": "1m",
        "scrapeTimeout": "5s",
    }
    assert render(helm).of_kind("ServiceMonitor") == []


def test_the_lease_belongs_to_no_revision(rendering: Rendering) -> None:
    lease = rendering.one("Lease")
    # Argo CD takes its own annotation before Helm's; it would make a hook's object anew at every sync.
    expected = {"helm.sh/hook": "pre-install", "argocd.argoproj.io/hook": "Skip"}
    assert lease["metadata"]["annotations"] == expected
    assert "spec" not in lease


def test_chart_has_the_version_of_the_project() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version("edge-stack")
