"""The directories with logins and certificates that containers find: broker, Kafka, cloud, alerting."""

from edge_operator.api.processor import Kafka
from edge_operator.api.references import SecretReference
from edge_operator.api.sinks import Alerting, Cloud
from edge_operator.desired.connections import external_broker, external_login
from edge_operator.desired.deployment.mounts import Mount, secret, secrets_directory, source
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.secret.cloud_token import KEY as CLOUD_TOKEN
from edge_operator.desired.secret.cloud_token import cloud_token_name
from edge_operator.desired.secret.credentials import credentials_name
from edge_operator.desired.sinks import commands_enabled

BROKER_DIR = "/etc/edge/credentials"
KAFKA_DIR = "/etc/edge/kafka"
CLOUD_DIR = "/etc/edge/cloud"
ALERTING_DIR = "/etc/edge/alerting"
CLOUD_TOKEN_DIR = "/etc/edge/cloud-token"  # noqa: S105  # a directory
CLOUD_TOKEN_FILE = f"{CLOUD_TOKEN_DIR}/{CLOUD_TOKEN}"
KAFKA_VOLUME, CLOUD_VOLUME, ALERTING_VOLUME = SINK_VOLUMES = ("kafka", "cloud", "alerting")
LOGIN = ("username", "password")
TOKEN_OR_LOGIN = ("token", *LOGIN)
AUTHORITY = "ca.crt"


def broker_credentials(site: SiteInput, component: str) -> Mount | None:
    """Return the directory with the component's login on the broker; None if the user's broker needs none."""
    external = external_broker(site)
    if external is None:
        return secrets_directory("credentials", [source(credentials_name(site, component), *LOGIN)], BROKER_DIR)
    sources = _sources(external_login(external, component), external.ca_secret_ref, *LOGIN)
    return secrets_directory("credentials", sources, BROKER_DIR) if sources else None


def kafka_credentials(site: SiteInput) -> Mount | None:
    """Return the directory with the login on Kafka; None if the spec names no Secret."""
    kafka = site.spec.processor.kafka
    return _of_sink(site, KAFKA_VOLUME, KAFKA_DIR, kafka, LOGIN) if kafka else None


def cloud_credentials(site: SiteInput) -> Mount | None:
    """Return the directory with the token or the login for the cloud; None if the spec names no Secret."""
    cloud = site.spec.cloud
    return _of_sink(site, CLOUD_VOLUME, CLOUD_DIR, cloud, TOKEN_OR_LOGIN) if cloud else None


def alerting_credentials(site: SiteInput) -> Mount | None:
    """Return the directory with the token or the login for Alertmanager and webhook; None if the spec names none."""
    alerting = site.spec.alerting
    return _of_sink(site, ALERTING_VOLUME, ALERTING_DIR, alerting, TOKEN_OR_LOGIN) if alerting else None


def cloud_token_mount(site: SiteInput) -> Mount | None:
    """Return the directory with the token of the cloud's commands; None if the cloud may not send commands."""
    return secret("cloud-token", cloud_token_name(site), CLOUD_TOKEN_DIR) if commands_enabled(site) else None


def _of_sink(
    site: SiteInput, name: str, path: str, sink: Kafka | Cloud | Alerting, keys: tuple[str, ...]
) -> Mount | None:
    """Return the directory of a sink; None if the spec names no Secret.

    It has only the Secrets that exist with the label, and only these keys of them. It is empty without such a Secret:
    the site works without its sinks. The kubelet adds a key that is missing when it is added to the Secret.
    """
    login, authority = sink.credentials_secret_ref, sink.ca_secret_ref
    if login is None and authority is None:
        return None
    sources = [
        source(given.name, *wanted)
        for given, wanted in ((login, keys), (authority, (AUTHORITY,)))
        if given is not None and given.name in site.usable_secrets
    ]
    for each in sources:
        each["secret"]["optional"] = True
    return secrets_directory(name, sources, path)


def _sources(login: SecretReference | None, authority: SecretReference | None, *keys: str) -> list[Manifest]:
    logins = [source(login.name, *keys)] if login else []
    return logins + ([source(authority.name, AUTHORITY)] if authority else [])
