"""The address at which the devices of a site connect."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from edge_operator.control.cache.resource import CachedSite
from edge_operator.desired.secret.broker_tls import CLUSTER_DOMAIN

DEFAULT_PORT = 8883
IN_CLUSTER = (".svc", f".svc.{CLUSTER_DOMAIN}")


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """Host and port at which the devices of a site connect.

    Attributes:
        host: for MQTT over TLS.
        port: for MQTT over TLS.
        https: URL for devices that use HTTP; None if the gateway has no certificate.
    """

    host: str
    port: int
    https: str | None = None

    @property
    def in_cluster_only(self) -> bool:
        """Whether the host is the name of a Service, which only resolves inside the cluster."""
        return self.host.endswith(IN_CLUSTER)


def address_of(site: CachedSite) -> DeviceAddress | None:
    """Return the address for devices, from the site's status; None until the status has one."""
    url = site.endpoints.get("mqtts")
    if not url:
        return None
    parts = urlsplit(url)
    return DeviceAddress(parts.hostname or "", parts.port or DEFAULT_PORT, site.endpoints.get("https"))
