"""What every builder is given: one site, and the release that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.desired.release import Release

Manifest = dict[str, Any]
"""A Kubernetes object, or a part of one, as JSON."""


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """A device that logs in on the managed broker.

    Attributes:
        device_id: its identifier and username.
        rotation: which of its passwords is in effect.
        user_password: the user's own, in the place of a derived one.
    """

    device_id: str
    rotation: int
    user_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SiteInput:
    """One EdgeSite, as the builders see it.

    Attributes:
        name: its name.
        namespace: its namespace.
        uid: its uid; children point to it as their owner.
        spec: what it should be.
        release: defaults of the operator's release.
        root: the site's root key; every password derives from it.
        devices: who logs in beside the components.
        addresses: where the gateway's load balancer is reached, as far as it is known.
        period: number of the period that the broker's own certificate is of.
    """

    name: str
    namespace: str
    uid: str
    spec: EdgeSiteSpec
    release: Release
    root: bytes = field(repr=False)
    devices: tuple[DeviceLogin, ...] = ()
    addresses: tuple[str, ...] = ()
    period: int = 0


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """One EdgeDevice, as its builder sees it.

    Attributes:
        name: its name.
        namespace: its namespace.
        uid: its uid; its Secret points to it as the owner.
        site: name of its site.
        login: how it logs in.
        secret_name: name of its Secret.
        annotations: of its Secret.
        host: where it connects.
        port: at which port.
        authority: whom it trusts there, in PEM; None where the broker's certificate is of a public authority.
        root: the root key of its site.
    """

    name: str
    namespace: str
    uid: str
    site: str
    login: DeviceLogin
    secret_name: str
    annotations: Mapping[str, str]
    host: str
    port: int
    authority: str | None
    root: bytes = field(repr=False)
