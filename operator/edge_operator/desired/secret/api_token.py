"""The token that people and programs show to the gateway's HTTP interface."""

from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.opaque import opaque
from edge_operator.identity import derive

KEY = "token"


def api_token(site: SiteInput) -> Manifest:
    """Return the Secret with the token."""
    rotation = site.spec.gateway.api_token_rotation
    return opaque(site, components.GATEWAY, api_token_name(site), {KEY: derive.api_token(site.root, rotation)})


def api_token_name(site: SiteInput) -> str:
    """Return the name of the Secret with the token."""
    return child_name(site, "api-token")
