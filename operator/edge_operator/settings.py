"""The operator's settings, from the environment."""

import os
import platform
import secrets
import textwrap
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .broker.endpoint import BrokerAddress, SiteKey, parse_addresses
from .control.site.allowed_hosts import check_host_pattern
from .identity.secret_use import check_secret_pattern

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
DEFAULT_NAMESPACE = "edge-system"


def _own_namespace() -> str:
    return NAMESPACE_FILE.read_text().strip() if NAMESPACE_FILE.exists() else DEFAULT_NAMESPACE


def _identity() -> str:
    return f"{os.environ.get('POD_NAME') or platform.node()}-{secrets.token_hex(4)}"


PREFIX = "EDGE_"
HELP_COLUMNS = 100
"""Width of the text of `--help`, in characters."""

DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
DnsName = Annotated[str, Field(pattern=r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", max_length=253)]


class Settings(BaseSettings):
    """Settings of one operator process. Each is read from the environment variable `EDGE_<NAME>`; empty is unset."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, use_attribute_docstrings=True
    )

    watch_namespaces: Annotated[tuple[DnsLabel, ...], NoDecode] = ()
    """Namespaces to serve, separated by commas. Default: all."""

    operator_namespace: DnsLabel = Field(default_factory=_own_namespace)
    """Namespace of the operator: of its Lease, and of its pods, which may reach the sites' brokers. Default: the
    namespace of the pod; outside a cluster edge-system.
    """

    lease_name: DnsName = "edge-operator"
    """Name of the Lease with which the replicas elect their leader."""

    identity: Annotated[str, Field(pattern=r"^[-._A-Za-z0-9]+$", max_length=128)] = Field(default_factory=_identity)
    """Name of this process in the Lease; must be unique. Default: POD_NAME or the host name, with a random suffix."""

    release: str = Field(default_factory=lambda: version("edge-stack"))
    """Tag of the images of a site, unless its spec sets them. Default: the operator's own version."""

    allowed_secrets: Annotated[tuple[Annotated[str, AfterValidator(check_secret_pattern)], ...], NoDecode] = ()
    """Secrets that sites may use without the label edge-stack.io/use: "true", as namespace/name separated by commas; *
    matches any characters, so */* allows every Secret. Default: none.
    """

    allowed_hosts: Annotated[tuple[Annotated[str, AfterValidator(check_host_pattern)], ...], NoDecode] = ()
    """Hosts that sites may name for external brokers and sinks: names, in which * matches any characters, IP addresses
    and networks, separated by commas. Link-local addresses and metadata services are never allowed. Default: all
    others.
    """

    image_registry: str = ""
    """Prefix of every default image, such as registry.example.com/mirror. Default: none."""

    writes_per_second: Annotated[float, Field(gt=0, le=10_000)] = 200.0
    """Budget of writes to the API server for children and configuration, in writes per second."""

    write_burst: Annotated[int, Field(ge=1, le=10_000)] = 40
    """Writes that may be sent at once after a pause."""

    write_concurrency: Annotated[int, Field(ge=1, le=200)] = 20
    """Maximum number of concurrent writes."""

    liveness_writes_per_second: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    """Budget of writes to the API server for the liveness of devices, and for Events about it, in writes per second."""

    liveness_write_burst: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Writes of that kind that may be sent at once after a pause."""

    last_seen_seconds: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    """Least time between two status writes of a device if only its last-seen time has changed, in seconds. Longer if
    the fleet is too large for half of the budget. 0 disables these writes.
    """

    figures_seconds: Annotated[float, Field(ge=1, le=3600)] = 30.0
    """Least time between two writes of a site's device counts (status.devices), in seconds."""

    unreachable_after_seconds: Annotated[float, Field(ge=1, le=3600)] = 30.0
    """Seconds for which the operator may be disconnected from a site's broker before the site's devices are Unknown
    (SiteUnreachable).
    """

    mass_grace_seconds: Annotated[float, Field(ge=3, le=3600)] = 30.0
    """Seconds for which the last wills of many devices of a site at once are held back before the devices are Offline
    (LastWill). A single will is held back for 3 s.
    """

    broker_addresses: Annotated[Mapping[SiteKey, BrokerAddress], NoDecode] = {}
    """Addresses of the brokers of some sites, for an operator outside the cluster, as namespace/site=host:port,… The
    operator logs in there with the site's own credentials, so each address must lead to that site's broker. Default:
    none.
    """

    look_again_seconds: Annotated[float, Field(ge=1, le=3600)] = 30.0
    """Seconds between checks of what no watch reports, such as an object of somebody else under a child's name."""

    probe_host: str = "0.0.0.0"  # noqa: S104 - probes come from the node and metrics from other pods
    """Address that /healthz, /readyz and /metrics listen on."""

    probe_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port of /healthz, /readyz and /metrics; 0 selects a free one and logs it."""

    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @field_validator("watch_namespaces", "allowed_secrets", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("broker_addresses", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        return parse_addresses(value) if isinstance(value, str) else value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()


def described() -> str:
    """Return the settings for `--help`: the environment variable of each, its meaning, and its default."""
    return "\n".join(f"{_variable(name)}\n{_about(field)}" for name, field in Settings.model_fields.items())


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _about(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    if field.default_factory is None and field.default not in ("", (), {}):
        shown = f"{field.default:g}" if isinstance(field.default, float) else field.default
        text = f"{text} Default: {shown}."
    return textwrap.fill(text, HELP_COLUMNS, initial_indent=" " * 6, subsequent_indent=" " * 6)


def explain(error: ValidationError) -> str:
    """Return the invalid settings, one per line, by the names of the environment variables."""
    return "\n".join(
        f"{_variable(str(fault['loc'][0]) if fault['loc'] else '')}: {fault['msg']} (given: {fault['input']!r})"
        for fault in error.errors()
    )
