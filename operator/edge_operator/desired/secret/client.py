"""The login of another client of the managed broker, with the address of the broker."""

from edge_operator.api.broker import BrokerClient
from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.opaque import opaque
from edge_operator.identity.logins import client_login


def clients(site: SiteInput) -> list[Manifest]:
    """Return a Secret for each client in the spec; none when the user runs the broker."""
    managed = components.managed_broker(site)
    return [_client(site, each) for each in (managed.clients or ())] if managed else []


def _client(site: SiteInput, given: BrokerClient) -> Manifest:
    login = client_login(site.root, given.name)
    host = f"{child_name(site, components.MQTT)}.{site.namespace}.svc"
    values = {
        "username": login.username,
        "password": login.password,
        "host": host,
        "port": str(ports.MQTT),
        "url": f"mqtt://{host}:{ports.MQTT}",
    }
    return opaque(site, components.MQTT, child_name(site, f"client-{given.name}"), values)
