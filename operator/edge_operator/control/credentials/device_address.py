"""Where the devices of a site connect."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from edge_operator.control.cache.resource import CachedSite

DEFAULT_PORT = 8883
IN_CLUSTER = ".svc"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the devices of a site connect."""

    host: str
    port: int

    @property
    def in_cluster_only(self) -> bool:
        """Whether it is the name of a Service."""
        return self.host.endswith(IN_CLUSTER)


def address_of(site: CachedSite) -> Address | None:
    """Return where devices connect, as the site's own status says; None while it does not."""
    url = site.endpoints.get("mqtts")
    if not url:
        return None
    parts = urlsplit(url)
    return Address(parts.hostname or "", parts.port or DEFAULT_PORT)
