"""The broker login of one component."""

from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.opaque import opaque
from edge_operator.identity.logins import component_login


def credentials_name(site: SiteInput, component: str) -> str:
    """Return the name of the Secret with a component's login."""
    return child_name(site, f"{component}-credentials")


def credentials(site: SiteInput, component: str) -> Manifest | None:
    """Return the Secret with a component's login; None when the user runs the broker and gives the login."""
    if components.mqtt(site) is None:
        return None
    login = component_login(site.root, f"~{component}")
    values = {"username": login.username, "password": login.password}
    return opaque(site, component, credentials_name(site, component), values)
