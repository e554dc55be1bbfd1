"""The Role of the broker's agent: it may only read the Secrets that it copies to Mosquitto."""

from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata
from edge_operator.desired.secret.broker_auth import broker_auth_names
from edge_operator.desired.secret.broker_tls import broker_tls_name


def role(site: SiteInput) -> Manifest | None:
    """Return the Role; None when the user runs the broker."""
    if components.mqtt(site) is None:
        return None
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": metadata(site, components.MQTT, child_name(site, components.MQTT)),
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["secrets"],
                "resourceNames": [*broker_auth_names(site), *_certificate(site)],
                "verbs": ["get", "list", "watch"],
            }
        ],
    }


def _certificate(site: SiteInput) -> list[str]:
    """Return the Secret with the certificate, unless it is the user's and may not be used."""
    managed, name = components.managed_broker(site), broker_tls_name(site)
    is_users = managed is not None and managed.tls is not None
    return [] if is_users and name not in site.usable_secrets else [name]
