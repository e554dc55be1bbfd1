"""EdgeDevice: one device of a site, its identity on the broker and whether it is alive."""

from typing import Annotated, Literal

from pydantic import Field

from .conditions import Conditions, Timestamp
from .references import SecretRef
from .schema import MAP_ATOMIC, ApiModel, rule, rules, unchanging
from .values import PRINTABLE, SecretName, at_least_twice, duration

DEVICE_ID = "^[A-Za-z0-9._-]{1,64}$"
"""Identifiers of devices: one level of an MQTT topic and one segment of a URL."""

SPEC_RULES = rules(
    rule(
        "self.siteRef.name == oldSelf.siteRef.name",
        "cannot be changed: delete the device and create it anew",
        fieldPath=".siteRef.name",
        reason="FieldValueForbidden",
    ),
    unchanging("deviceId", "cannot be changed, added or removed: delete the device and create it anew"),
    at_least_twice("offlineAfter", "heartbeatInterval"),
)
DEVICE_RULES = rules(
    rule(
        "size(self.metadata.name) <= 63",
        "must have at most 63 characters",
        fieldPath=".metadata.name",
    )
)
ATTRIBUTES_RULES = rules(
    rule(
        "self.all(key, size(key) <= 63 && key.matches('^[^\\\\p{Cc}]+$'))",
        "must have names of 1 to 63 characters, without line breaks and other control characters",
    ),
)
CREDENTIALS_RULES = rules(
    rule(
        "!has(self.secretName) || !has(self.existingSecretRef)",
        "goes without existingSecretRef: name the Secret to make or the one to read, not both",
        fieldPath=".secretName",
        reason="FieldValueForbidden",
    ),
    rule(
        "self.rotation >= oldSelf.rotation",
        "can only be raised",
        fieldPath=".rotation",
        reason="FieldValueForbidden",
    ),
)


class SiteReference(ApiModel):
    """An EdgeSite of the same namespace."""

    name: Annotated[
        str,
        Field(
            max_length=45,
            json_schema_extra=rules(
                rule(
                    "self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
                    "must be the name of an EdgeSite of this namespace",
                )
            ),
        ),
    ]
    """Name of the EdgeSite."""


class Credentials(ApiModel):
    """The device's login on the broker."""

    rotation: Annotated[int, Field(ge=0, le=2147483647)] = 0
    """Raise it to give the device a new password."""

    switch_after: Annotated[str, duration("0s", "168h")] = "5m"
    """How long after a rotation the old password still works."""

    secret_name: SecretName | None = None
    """Name of the Secret that is made. Default: <name>-device-credentials."""

    existing_secret_ref: SecretRef | None = None
    """A Secret of your own with the key `password` (20 characters or more) and the label
    edge-stack.io/device-credentials: "true"; it is only read."""


class EdgeDeviceSpec(ApiModel):
    """What the device is, and how it is told to be alive."""

    site_ref: Annotated[SiteReference, Field(json_schema_extra=MAP_ATOMIC)]
    """The EdgeSite that the device belongs to; cannot be changed."""

    device_id: (
        Annotated[
            str,
            Field(
                max_length=64,
                json_schema_extra=rules(
                    rule(
                        f"self.matches('{DEVICE_ID}') && self != '.' && self != '..'",
                        "must be of letters, digits, '.', '_' and '-', and neither '.' nor '..'",
                    )
                ),
            ),
        ]
        | None
    ) = None
    """Identifier of the device on the wire: its username, and its place in topics and URLs. Unique in its site;
    cannot be changed. Default: the object's name."""

    display_name: Annotated[str, Field(max_length=253, json_schema_extra=PRINTABLE)] | None = None
    """Name for people."""

    type: Annotated[str, Field(max_length=63, json_schema_extra=PRINTABLE)] | None = None
    """Kind of the device, such as temperature-sensor."""

    location: Annotated[str, Field(max_length=253, json_schema_extra=PRINTABLE)] | None = None
    """Where in the site the device is."""

    attributes: Annotated[
        dict[str, Annotated[str, Field(max_length=256)]] | None,
        Field(max_length=32, json_schema_extra=ATTRIBUTES_RULES),
    ] = None
    """Anything else worth knowing of the device, such as its serial number."""

    heartbeat_interval: Annotated[str, duration("1s", "24h")] | None = None
    """How often the device says that it is alive. Default: the site's devices.heartbeatInterval."""

    offline_after: Annotated[str, duration("2s", "168h")] | None = None
    """A device not heard of for so long is Offline; at least twice heartbeatInterval. Default: the larger of the
    site's devices.offlineAfter and 2.5 times heartbeatInterval."""

    presence: Literal["Connected", "Intermittent"] = "Connected"
    """Connected: the device keeps a connection to the broker, whose loss makes it Offline. Intermittent (HTTP, CoAP,
    deep sleep): only silence for offlineAfter makes it Offline."""

    disabled: bool = False
    """While true the device is cut off from the broker and the gateway."""

    credentials: Annotated[Credentials, Field(json_schema_extra=CREDENTIALS_RULES)] = Credentials()
    """The device's login on the broker."""


class Connectivity(ApiModel):
    """What is known of the device's life, and since when."""

    reason: Annotated[str, Field(max_length=64)] | None = None
    """Why the phase is what it is, such as HeartbeatExpired; docs/conditions.md lists all."""

    since_time: Timestamp | None = None
    """When the phase last changed."""

    last_seen_time: Timestamp | None = None
    """When the device was last heard of, by the operator's clock; refreshed at most once in 5 minutes."""

    session: Annotated[str, Field(max_length=128)] | None = None
    """The session that the device named in its last birth message."""


class EdgeDeviceStatus(ApiModel):
    """What was observed of the device."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that the operator last acted on."""

    device_id: Annotated[str, Field(max_length=64)] | None = None
    """The identifier in effect."""

    phase: Literal["Online", "Offline", "Unknown", "Pending", "Disabled"] | None = None
    """Whether the device is alive, in one word."""

    connectivity: Connectivity | None = None
    """What is known of the device's life, and since when."""

    conditions: Conditions = None
    """Ready, CredentialsReady, Connected; Reconciling and Stalled while they are true."""

    reported: Annotated[dict[str, Annotated[str, Field(max_length=128)]] | None, Field(max_length=16)] = None
    """What the device said of itself, such as firmware and address; refreshed at most once in 5 minutes."""


class EdgeDevice(ApiModel):
    """One device of a site: its identity on the broker, and whether it is alive."""

    spec: Annotated[EdgeDeviceSpec, Field(json_schema_extra=SPEC_RULES)]
    """What the device is, and how it is told to be alive."""

    status: EdgeDeviceStatus | None = None
    """What was observed of the device; written by the operator."""
