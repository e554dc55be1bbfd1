"""Environment variables of the site's own programs."""

from collections.abc import Mapping

from edge_operator.desired import ports
from edge_operator.desired.connections import topic_prefix
from edge_operator.desired.deployment.credentials import BROKER_DIR
from edge_operator.desired.deployment.mounts import Mount
from edge_operator.desired.inputs import Manifest, SiteInput


def common(site: SiteInput, credentials: Mount | None) -> dict[str, str | None]:
    """Return the variables of every program of the site; one with the value None is not set."""
    return {
        "EDGE_NAMESPACE": site.namespace,
        "EDGE_SITE": site.name,
        "PORT": str(ports.HTTP),
        "MQTT_TOPIC_PREFIX": topic_prefix(site),
        "EDGE_CREDENTIALS_DIR": BROKER_DIR if credentials else None,
    }


def location(site: SiteInput) -> str:
    """Return the location of the site."""
    return site.spec.location or site.name


def env(values: Mapping[str, str | None]) -> list[Manifest]:
    """Return `values` as a container's `env`: escaped, because Kubernetes would replace `$(NAME)`."""
    return [{"name": name, "value": value.replace("$", "$$")} for name, value in values.items() if value is not None]
