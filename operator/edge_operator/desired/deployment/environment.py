"""Environment variables of the site's own programs."""

from collections.abc import Mapping

from edge_operator.desired import ports
from edge_operator.desired.connections import topic_prefix
from edge_operator.desired.deployment.credentials import BROKER_DIR
from edge_operator.desired.deployment.mounts import Mount
from edge_operator.desired.inputs import Manifest, SiteInput


def common(site: SiteInput, credentials: Mount | None) -> dict[str, str | None]:
    """Return what every program of the site is told; a value of None is left out."""
    return {
        "EDGE_NAMESPACE": site.namespace,
        "EDGE_SITE": site.name,
        "PORT": str(ports.HTTP),
        "MQTT_TOPIC_PREFIX": topic_prefix(site),
        "EDGE_CREDENTIALS_DIR": BROKER_DIR if credentials else None,
    }


def location(site: SiteInput) -> str:
    """Return where the site is."""
    return site.spec.location or site.name


def env(values: Mapping[str, str | None]) -> list[Manifest]:
    """Return `values` as a container's `env`: as they are, Kubernetes would put variables in for `$(NAME)`."""
    return [{"name": name, "value": value.replace("$", "$$")} for name, value in values.items() if value is not None]
