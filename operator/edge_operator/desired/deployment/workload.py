"""The shape of every Deployment of a site: security, resources, scheduling, roll-out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge_operator.desired.components import Component
from edge_operator.desired.deployment.environment import env
from edge_operator.desired.deployment.mounts import Mount, scratch
from edge_operator.desired.deployment.scheduling import scheduling
from edge_operator.desired.encoding import as_given, content_hash
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, labels, metadata, selector

HASH_ANNOTATION = "edge-stack.io/config-hash"
"""Hash of the content that the pod reads: a change of it starts a new pod."""

OWN_USER = 65532
REVISIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The parts of a Deployment that differ between components.

    Attributes:
        component: the component.
        ports: the container's ports.
        environment: its environment variables; one with the value None is not set.
        mounts: its volumes.
        probes: its probes.
        reads: the ConfigMaps and Secrets of ours that it reads.
        grace_seconds: maximum time to stop.
        user: the user and group that it runs as.
        lifecycle: the container's lifecycle hooks.
        sidecars: containers that start before the component's own and run beside it.
        sidecar_mounts: volumes of the sidecars only.
    """

    component: Component
    ports: Sequence[Manifest]
    environment: Mapping[str, str | None]
    mounts: Sequence[Mount | None]
    probes: Manifest
    reads: Sequence[Manifest | None]
    grace_seconds: int
    user: int = OWN_USER
    lifecycle: Manifest = field(default_factory=dict)
    sidecars: Sequence[Manifest] = ()
    sidecar_mounts: Sequence[Mount] = ()


def container_port(name: str, number: int) -> Manifest:
    """Return a TCP port of a container."""
    return {"name": name, "containerPort": number, "protocol": "TCP"}


def deployment(site: SiteInput, workload: Workload) -> Manifest:
    """Return the Deployment of `workload`."""
    name = workload.component.name
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(site, name, child_name(site, name)),
        "spec": {
            "replicas": workload.component.replicas,
            "revisionHistoryLimit": REVISIONS,
            "strategy": _strategy(workload.component),
            "selector": {"matchLabels": selector(site, name)},
            "template": {"metadata": _pod_metadata(site, workload), "spec": _pod(site, workload)},
        },
    }


def _strategy(component: Component) -> Manifest:
    if component.scales:
        return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return {"type": "Recreate"}


def _pod_metadata(site: SiteInput, workload: Workload) -> Manifest:
    given = site.spec.pod_metadata
    own_annotations = {HASH_ANNOTATION: content_hash(*(each for each in workload.reads if each))}
    return {
        "labels": dict((given and given.labels) or {}) | labels(site, workload.component.name),
        "annotations": dict((given and given.annotations) or {}) | own_annotations,
    }


def _pod(site: SiteInput, workload: Workload) -> Manifest:
    mounts = _mounts(workload)
    pull_secrets = [as_given(each) for each in site.spec.image_pull_secrets or ()]
    return {
        "serviceAccountName": child_name(site, workload.component.name),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": workload.grace_seconds,
        "securityContext": _pod_security(workload.user),
        **({"initContainers": list(workload.sidecars), "shareProcessNamespace": True} if workload.sidecars else {}),
        "containers": [_container(workload, mounts)],
        "volumes": [mount.volume for mount in (*mounts, *workload.sidecar_mounts)],
        **scheduling(site, workload.component),
        **({"imagePullSecrets": pull_secrets} if pull_secrets else {}),
    }


def _mounts(workload: Workload) -> list[Mount]:
    return [mount for mount in (*workload.mounts, scratch("/tmp")) if mount]  # noqa: S108  # the pod's own


def _container(workload: Workload, mounts: Sequence[Mount]) -> Manifest:
    return {
        "name": workload.component.name,
        "image": workload.component.image,
        "ports": list(workload.ports),
        "env": env(workload.environment),
        "resources": as_given(workload.component.resources),
        "securityContext": container_security(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [each for mount in mounts for each in mount.mounts],
        **workload.probes,
        **({"lifecycle": workload.lifecycle} if workload.lifecycle else {}),
    }


def container_security() -> Manifest:
    """Return the security context of every container."""
    return {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _pod_security(user: int) -> Manifest:
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
