"""The input of the builders: a site or a device, and the defaults of the release."""

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
        device_id: identifier and username of the device.
        rotation: number of the password in effect.
        user_password: password that the user provides, instead of a derived one.
    """

    device_id: str
    rotation: int
    user_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SiteInput:
    """An EdgeSite as input of the builders.

    Attributes:
        name: metadata.name.
        namespace: metadata.namespace.
        uid: metadata.uid, for the owner references of the children.
        spec: the spec.
        release: defaults of the operator's release.
        root: root key of the site, from which every password is derived.
        devices: logins of the devices.
        addresses: addresses of the gateway's load balancer, if it has any.
        period: number of the period of the broker's certificate.
        sink_secrets: names of the user's Secrets that may be mounted for sinks: they exist and have the label.
        storage_bytes: size of the store's volume in bytes; None until there is one.
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
    sink_secrets: frozenset[str] = frozenset()
    storage_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """An EdgeDevice as input of its builder.

    Attributes:
        name: metadata.name.
        namespace: metadata.namespace.
        uid: metadata.uid, for the owner reference of the Secret.
        site: name of the site.
        login: the login that the broker accepts.
        next_rotation: number of the password that it accepts from `switch_time`; None if no rotation is under way.
        switch_time: time of the switch, RFC 3339; empty if no rotation is under way.
        secret_name: name of the Secret.
        annotations: annotations of the Secret.
        host: host at which the device connects.
        port: port at which the device connects.
        authority: CA certificates in PEM; None if a public authority signed the broker's certificate.
        root: root key of the site.
        https: URL of the gateway for devices that use HTTP; None if the gateway has no certificate.
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
    https: str | None = None
    next_rotation: int | None = None
    switch_time: str = ""
