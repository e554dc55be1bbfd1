"""The directories with logins and certificates that containers find: broker, Kafka, cloud, alerting."""

from edge_operator.api.references import SecretReference
from edge_operator.desired.connections import external_broker
from edge_operator.desired.deployment.mounts import Mount, secrets_directory, source
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.secret.credentials import credentials_name

BROKER_DIR = "/etc/edge/credentials"
KAFKA_DIR = "/etc/edge/kafka"
CLOUD_DIR = "/etc/edge/cloud"
ALERTING_DIR = "/etc/edge/alerting"
LOGIN = ("username", "password")
AUTHORITY = "ca.crt"


def broker_credentials(site: SiteInput, component: str) -> Mount | None:
    """Return the directory with the component's login on the broker; None if the user's broker needs none."""
    external = external_broker(site)
    if external is None:
        return secrets_directory("credentials", [source(credentials_name(site, component), *LOGIN)], BROKER_DIR)
    sources = _sources(external.credentials_secret_ref, external.ca_secret_ref, *LOGIN)
    return secrets_directory("credentials", sources, BROKER_DIR) if sources else None


def kafka_credentials(site: SiteInput) -> Mount | None:
    """Return the directory with the login on Kafka; None if none is given."""
    kafka = site.spec.processor.kafka
    return _optional("kafka", KAFKA_DIR, kafka.credentials_secret_ref, kafka.ca_secret_ref, *LOGIN) if kafka else None


def cloud_credentials(site: SiteInput) -> Mount | None:
    """Return the directory with the token or the login for the cloud; None if none is given."""
    cloud = site.spec.cloud
    return _optional("cloud", CLOUD_DIR, cloud.credentials_secret_ref, cloud.ca_secret_ref) if cloud else None


def alerting_credentials(site: SiteInput) -> Mount | None:
    """Return the directory with the token or the login for Alertmanager and webhook; None if none is given."""
    given = site.spec.alerting
    return _optional("alerting", ALERTING_DIR, given.credentials_secret_ref, given.ca_secret_ref) if given else None


def _optional(
    name: str, path: str, login: SecretReference | None, authority: SecretReference | None, *keys: str
) -> Mount | None:
    """Return the directory of a sink; None if no Secret is given.

    The pod also starts without a Secret that does not exist: the site works without its sinks. The kubelet adds it
    when it is created.
    """
    sources = _sources(login, authority, *keys)
    for each in sources:
        each["secret"]["optional"] = True
    return secrets_directory(name, sources, path) if sources else None


def _sources(login: SecretReference | None, authority: SecretReference | None, *keys: str) -> list[Manifest]:
    logins = [source(login.name, *keys)] if login else []
    return logins + ([source(authority.name, AUTHORITY)] if authority else [])
