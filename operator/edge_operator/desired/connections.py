"""URLs and ports of the broker, the store and the gateway, for the components."""

from urllib.parse import urlsplit

from edge_operator.api.broker import ExternalBroker
from edge_operator.api.references import SecretReference
from edge_operator.desired import ports
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.metadata import child_name

DEFAULT_PORTS = {"mqtt": ports.MQTT, "mqtts": ports.MQTTS, "http": 80, "https": 443}
HIGHEST_PORT = 65535


def external_broker(site: SiteInput) -> ExternalBroker | None:
    """Return the user's broker, or None when the operator runs one.

    Raises:
        ValueError: the type is External and no broker is given.
    """
    broker = site.spec.broker
    if broker.type != "External":
        return None
    if broker.external is None:
        raise ValueError("broker: type External needs `external` with the broker's url")
    return broker.external


def external_login(external: ExternalBroker, component: str) -> SecretReference | None:
    """Return the Secret with the login of a component, or of the operator, on the user's broker; None if it has none.

    Args:
        external: the user's broker.
        component: name of the component, or `operator`.
    """
    own: SecretReference | None = getattr(external.credentials_secret_refs, component, None)
    return own or external.credentials_secret_ref


def broker_url(site: SiteInput) -> str:
    """Return the URL at which components find the broker."""
    external = external_broker(site)
    if external is None:
        return f"mqtt://{child_name(site, 'mqtt-internal')}:{ports.MQTT_COMPONENTS}"
    return _as_mqtt(external.url)


def device_broker_url(site: SiteInput, scheme: str) -> str | None:
    """Return the address to which the gateway passes connections of `scheme` (mqtt, mqtts); None if it does not."""
    external = external_broker(site)
    if external is None:
        return f"{scheme}://{child_name(site, 'mqtt')}:{DEFAULT_PORTS[scheme]}"
    url = _as_mqtt(external.url)
    return url if url.startswith(f"{scheme}://") else None


def topic_prefix(site: SiteInput) -> str:
    """Return the prefix of every topic."""
    external = external_broker(site)
    if external is None:
        return ""
    return f"{site.namespace}/{site.name}/" if external.topic_prefix is None else external.topic_prefix


def storage_url(site: SiteInput) -> str:
    """Return the URL of the store."""
    return f"http://{child_name(site, 'storage')}:{ports.HTTP}"


def external_broker_port(external: ExternalBroker) -> int:
    """Return the port of the user's broker."""
    return port_of(_as_mqtt(external.url), "broker.external.url")


def gateway_url(site: SiteInput) -> str:
    """Return the URL of the gateway."""
    return f"http://{child_name(site, 'gateway')}"


def _as_mqtt(url: str) -> str:
    return f"mqtt://{url.removeprefix('tcp://')}" if url.startswith("tcp://") else url


def port_of(url: str, where: str) -> int:
    """Return the port of a URL, or that of its scheme.

    Args:
        url: the URL.
        where: the field of the spec that has it.

    Raises:
        ValueError: the port is not valid, or the scheme has none.
    """
    parts = urlsplit(url)
    try:
        port = parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if port is None or not 1 <= port <= HIGHEST_PORT:
        raise ValueError(f"{where}: {url!r} needs a port from 1 to {HIGHEST_PORT}")
    return port
