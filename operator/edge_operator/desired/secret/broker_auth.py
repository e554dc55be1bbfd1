"""The password file of the managed broker."""

from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, Site
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.opaque import opaque
from edge_operator.identity.logins import device_login, site_logins
from edge_operator.identity.passwords import password_file

KEY = "passwords"


def broker_auth(site: Site) -> Manifest | None:
    """Return the Secret with the password file; None when the user runs the broker."""
    managed = components.managed_broker(site)
    if managed is None:
        return None
    devices = (device_login(site.root, each.device_id, each.rotation) for each in site.devices)
    content = password_file(site.root, (*site_logins(site.root, managed.clients or ()), *devices))
    return opaque(site, components.MQTT, broker_auth_name(site), {KEY: content})


def broker_auth_name(site: Site) -> str:
    """Return the name of the Secret with the password file."""
    return child_name(site, "mqtt-auth")
