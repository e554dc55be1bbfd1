"""The token with which the processor sends the cloud's commands to the gateway."""

from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.opaque import opaque
from edge_operator.desired.sinks import commands_enabled
from edge_operator.identity import derive

KEY = "token"


def cloud_token(site: SiteInput) -> Manifest | None:
    """Return the Secret with the token; None if the cloud may not send commands."""
    if not commands_enabled(site):
        return None
    return opaque(site, components.GATEWAY, cloud_token_name(site), {KEY: derive.cloud_token(site.root)})


def cloud_token_name(site: SiteInput) -> str:
    """Return the name of the Secret with the token."""
    return child_name(site, "cloud-token")
