"""What holds for the children of every site."""

import json
from typing import Any

from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import CHILD_KINDS, kind_of
from tests.edge_operator.desired.restricted import violations

Manifests = list[dict[str, Any]]
LONGEST_LABEL = 63
LONGEST_SECRET = 253
USERS_SECRETS = {
    "mine",
    "op",
    "gw",
    "proc",
    "ca",
    "cloud-login",
    "cloud-ca",
    "kafka-login",
    "kafka-ca",
    "alerting-login",
    "alerting-ca",
    "gateway-tls",
    "broker-tls",
}


def of_kind(manifests: Manifests, kind: str) -> Manifests:
    """Return the manifests of `kind`."""
    return [each for each in manifests if each["kind"] == kind]


def check_all(site: SiteInput, manifests: Manifests) -> None:
    """Assert everything that holds for every site."""
    assert json.loads(json.dumps(manifests)) == manifests
    check_order_and_names(site, manifests)
    check_metadata(site, manifests)
    check_pods(manifests)
    check_resources(site, manifests)
    check_services(manifests)
    check_references(manifests)


def check_order_and_names(site: SiteInput, manifests: Manifests) -> None:
    """Every object is there once, in the order in which it is applied, under a name that fits."""
    positions = [CHILD_KINDS.index(kind_of(each)) for each in manifests]
    assert positions == sorted(positions)
    keys = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert len(keys) == len(set(keys))
    for kind, name in keys:
        assert name.startswith(f"{site.name}-")
        assert len(name) <= (LONGEST_SECRET if kind == "Secret" else LONGEST_LABEL)


def check_metadata(site: SiteInput, manifests: Manifests) -> None:
    """Every object names its site; it has an owner, or what keeps it from being pruned."""
    owner = {"apiVersion": "edge-stack.io/v1alpha1", "kind": "EdgeSite", "name": site.name, "uid": site.uid}
    for each in manifests:
        head = each["metadata"]
        assert head["namespace"] == site.namespace
        labels = head["labels"]
        assert labels["edge-stack.io/site"] == site.name
        assert labels["app.kubernetes.io/part-of"] == labels["app.kubernetes.io/managed-by"] == "edge-stack"
        assert labels["app.kubernetes.io/name"] == f"edge-{labels['app.kubernetes.io/component']}"
        retained = each["kind"] == "PersistentVolumeClaim" and site.spec.storage.reclaim_policy == "Retain"
        assert labels.get("app.kubernetes.io/instance") == (None if retained else site.name)
        assert head.get("ownerReferences") == (None if retained else [owner | {"controller": True}])
        assert head.get("annotations", {}).get("argocd.argoproj.io/sync-options") == (
            "Prune=false,Delete=false" if retained else None
        )


def check_pods(manifests: Manifests) -> None:
    """Every pod is restricted, without a token, found by its selector, and its own container comes first."""
    for deployment in of_kind(manifests, "Deployment"):
        spec = deployment["spec"]
        pod = spec["template"]["spec"]
        labels = spec["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"].items() <= labels.items()
        assert set(spec["selector"]["matchLabels"]) == {"app.kubernetes.io/name", "app.kubernetes.io/instance"}
        assert violations(pod) == []
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["serviceAccountName"] == deployment["metadata"]["name"]
        assert pod["containers"][0]["name"] == labels["app.kubernetes.io/component"]
        check_volumes(all_containers(pod), pod)
        check_sidecars(pod)
        check_ports(pod)
        for container in all_containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            check_container(container)
            check_probes(container)


def all_containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the containers of a pod: sidecars are init containers that stay."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def check_sidecars(pod: dict[str, Any]) -> None:
    """Whatever begins before the component's own container stays beside it, and sees its processes to signal them."""
    sidecars = pod.get("initContainers", [])
    assert all(each["restartPolicy"] == "Always" for each in sidecars), "it would have to end before the others begin"
    assert all("restartPolicy" not in each for each in pod["containers"]), "the API server refuses it"
    assert pod.get("shareProcessNamespace", False) is bool(sidecars)


def check_ports(pod: dict[str, Any]) -> None:
    """No port of a pod has the name or the number of another: its containers share one address."""
    ports = [port for container in all_containers(pod) for port in container["ports"]]
    assert len({port["name"] for port in ports}) == len(ports)
    assert len({(port["containerPort"], port["protocol"]) for port in ports}) == len(ports)


def check_probes(container: dict[str, Any]) -> None:
    """A container that hangs is found and restarted; a sidecar also says when the next may begin."""
    first = "startupProbe" if "restartPolicy" in container else "readinessProbe"
    assert {key for key in container if key.endswith("Probe")} == {first, "livenessProbe"}
    ports = {port["name"] for port in container["ports"]}
    for probe in (container[first], container["livenessProbe"]):
        (how,) = probe.keys() & {"httpGet", "tcpSocket"}
        assert probe[how]["port"] in ports
        assert probe["timeoutSeconds"] > 1, "one second, the default, is too short on a small node under load"


def check_resources(site: SiteInput, manifests: Manifests) -> None:
    """Every container has requests and limits of its own, unless the spec gives others in their place."""
    managed = site.spec.broker.managed
    given = {
        "gateway": site.spec.gateway.resources,
        "processor": site.spec.processor.resources,
        "storage": site.spec.storage.resources,
        "mqtt": managed.resources if managed else None,
    }
    for deployment in of_kind(manifests, "Deployment"):
        for container in all_containers(deployment["spec"]["template"]["spec"]):
            if given.get(container["name"]) is None:
                parts = container["resources"]
                assert set(parts) == {"requests", "limits"}
                assert all(set(parts[part]) == {"cpu", "memory"} for part in parts)


def check_volumes(containers: list[dict[str, Any]], pod: dict[str, Any]) -> None:
    """Every mount has its volume, and every volume its mount."""
    names = [volume["name"] for volume in pod["volumes"]]
    assert len(names) == len(set(names))
    assert {mount["name"] for container in containers for mount in container["volumeMounts"]} == set(names)


def check_container(container: dict[str, Any]) -> None:
    """No path is mounted twice, no variable set twice."""
    paths = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert len(paths) == len(set(paths))
    variables = [each["name"] for each in container["env"]]
    assert len(variables) == len(set(variables))


def check_services(manifests: Manifests) -> None:
    """Every Service, policy and budget finds one Deployment's pods; every target port is one of its container's."""
    deployments = {
        tuple(sorted(each["spec"]["selector"]["matchLabels"].items())): each
        for each in of_kind(manifests, "Deployment")
    }
    for service in of_kind(manifests, "Service"):
        pod = deployments[tuple(sorted(service["spec"]["selector"].items()))]["spec"]["template"]["spec"]
        open_ports = {(port["name"], port["protocol"]) for port in pod["containers"][0]["ports"]}
        for port in service["spec"]["ports"]:
            assert (port["targetPort"], port["protocol"]) in open_ports
    selected = [each["spec"]["podSelector"]["matchLabels"] for each in of_kind(manifests, "NetworkPolicy")]
    assert sorted(tuple(sorted(labels.items())) for labels in selected) == sorted(deployments)
    for budget in of_kind(manifests, "PodDisruptionBudget"):
        assert tuple(sorted(budget["spec"]["selector"]["matchLabels"].items())) in deployments


def check_references(manifests: Manifests) -> None:
    """Every ConfigMap, Secret and volume that a pod names is made with the key it names, or is the user's."""
    made = {(each["kind"], each["metadata"]["name"]): set(each.get("data", ())) for each in manifests}
    for deployment in of_kind(manifests, "Deployment"):
        for volume in deployment["spec"]["template"]["spec"]["volumes"]:
            for kind, name, keys in _named(volume):
                if (kind, name) not in made:
                    assert kind == "Secret"
                    assert name in USERS_SECRETS
                else:
                    assert keys <= made[kind, name]


def _named(volume: dict[str, Any]) -> list[tuple[str, str, set[str]]]:
    def keys(part: dict[str, Any]) -> set[str]:
        return {item["key"] for item in part.get("items", ())}

    if "configMap" in volume:
        return [("ConfigMap", volume["configMap"]["name"], keys(volume["configMap"]))]
    if "secret" in volume:
        return [("Secret", volume["secret"]["secretName"], keys(volume["secret"]))]
    if "persistentVolumeClaim" in volume:
        return [("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], set())]
    sources = volume.get("projected", {}).get("sources", ())
    return [("Secret", each["secret"]["name"], keys(each["secret"])) for each in sources if "secret" in each]
