"""Sites to test with, and ways to find things in what they become."""

from dataclasses import replace
from typing import Any

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.credentials.secret_references import secret_references
from edge_operator.desired.release import Release
from edge_operator.desired.site import SiteInput, desired_objects

ROOT = bytes(range(32))
LONGEST_NAME = "s" * 45
EXTERNAL = {"type": "External", "external": {"url": "tcp://mqtt.example.com"}}

FULL: dict[str, Any] = {
    "location": "Hall 3",
    "cloud": {
        "endpoint": "https://cloud.example.com/edge",
        "credentialsSecretRef": {"name": "cloud-login"},
        "caSecretRef": {"name": "cloud-ca"},
        "commands": "Enabled",
        "proxy": {"url": "http://proxy.example.com:3128", "noProxy": [".example.org", "10.0.0.1"]},
    },
    "alerting": {
        "alertmanager": {"url": "http://alertmanager.example.com:9093"},
        "webhook": {"url": "https://hooks.example.com/edge?key=1"},
        "credentialsSecretRef": {"name": "alerting-login"},
        "caSecretRef": {"name": "alerting-ca"},
    },
    "forwarding": [{"sensorType": "temperature", "deadband": "0.5", "minInterval": "10s", "maxInterval": "10m"}],
    "broker": {
        "managed": {
            "image": "mirror.example.com/mosquitto:2.1.3",
            "storage": {"data": "2Gi", "log": "512Mi"},
            "resources": {"limits": {"memory": "1Gi"}},
            "tls": {"secretRef": {"name": "broker-tls"}},
            "clients": [
                {"name": "c" * 40, "subscribe": ["cloud/sensors/#", "alerts/+"], "publish": ["line/+/set"]},
                {"name": "grafana", "subscribe": ["cloud/#"]},
            ],
        }
    },
    "gateway": {
        "replicas": 4,
        "image": "mirror.example.com/gateway:9",
        "resources": {"requests": {"cpu": 1}, "limits": {"memory": "1Gi"}},
        "service": {
            "type": "LoadBalancer",
            "annotations": {"example.com/pool": "edge"},
            "loadBalancerClass": "example.com/metal",
            "nodePorts": {"http": 30080, "https": 30443, "mqtt": 31883, "mqtts": 31884, "coap": 30683},
            "externalAddress": "edge.example.com",
        },
        "coap": {"security": "None"},
        "tls": {"secretRef": {"name": "gateway-tls"}},
        "allowPlaintextCredentials": True,
        "apiTokens": [{"name": "t" * 40, "role": "Admin", "rotation": 3}, {"name": "grafana"}],
        "apiTokenRotation": 2,
    },
    "processor": {
        "replicas": 3,
        "image": "mirror.example.com/processor:9",
        "resources": {"limits": {"memory": "2Gi"}},
        "kafka": {
            "brokers": ["b1:9092", "b2:9093"],
            "topic": "readings",
            "alertsTopic": "readings-alerts",
            "credentialsSecretRef": {"name": "kafka-login"},
            "caSecretRef": {"name": "kafka-ca"},
        },
        "rules": [{"name": "cold", "sensorType": "temperature", "below": "-5.5", "for": "1m", "severity": "Critical"}],
    },
    "storage": {
        "image": "mirror.example.com/storage:9",
        "resources": {"limits": {"memory": "3Gi"}},
        "size": "100Gi",
        "storageClassName": "fast",
        "syncInterval": "10s",
        "retention": {"maxAge": "720h", "maxSize": "50Gi"},
        "reclaimPolicy": "Delete",
    },
    "scheduling": {
        "profile": "MultiNode",
        "nodeSelector": {"zone": "floor"},
        "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "edge", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "arch", "operator": "In", "values": ["arm"]}]}]
                }
            }
        },
        "priorityClassName": "site-critical",
    },
    "imagePullSecrets": [{"name": "pull"}],
    "podMetadata": {"labels": {"team": "ot"}, "annotations": {"example.com/scrape": "true"}},
}
"""A spec in which everything is given."""


def make_site(
    spec: dict[str, Any] | None = None, *, name: str = "factory", release: Release | None = None
) -> SiteInput:
    """Return a site with `spec`. The Secrets that it names exist and have the label."""
    parsed = EdgeSiteSpec.model_validate(spec or {})
    site = SiteInput(name, "plant", "uid-1", parsed, release or Release("1.2.3"), ROOT)
    return replace(site, usable_secrets=frozenset(each.secret for each in secret_references(site)))


def children(spec: dict[str, Any] | None = None, *, name: str = "factory") -> dict[tuple[str, str], dict[str, Any]]:
    """Return the children of a site with `spec`, by kind and by name without the site's."""
    manifests = desired_objects(make_site(spec, name=name))
    return {(each["kind"], each["metadata"]["name"].removeprefix(f"{name}-")): each for each in manifests}


def pod(component: str, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the pod's spec of a component."""
    template: dict[str, Any] = children(spec)["Deployment", component]["spec"]["template"]
    return dict(template["spec"])


def container(component: str, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the component's own container."""
    return dict(pod(component, spec)["containers"][0])


def environment(component: str, spec: dict[str, Any] | None = None) -> dict[str, str]:
    """Return the environment of the component's own container."""
    return {each["name"]: each["value"] for each in container(component, spec)["env"]}
