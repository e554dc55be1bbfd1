"""EdgeDevice: one device of a site, its identity on the broker and its liveness."""

from typing import Annotated, Literal

from pydantic import Field

from .conditions import Conditions, Timestamp
from .device_id import DeviceId
from .references import SecretRef
from .schema import MAP_ATOMIC, ApiModel, rule, rules, unchanging
from .values import PRINTABLE, SecretName, at_least_twice, duration

SPEC_RULES = rules(
    rule(
        "self.siteRef.name == oldSelf.siteRef.name",
        "cannot be changed: delete the device and create it again",
        fieldPath=".siteRef.name",
        reason="FieldValueForbidden",
    ),
    unchanging("deviceId", "cannot be changed, added or removed: delete the device and create it again"),
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
    """Reference to an EdgeSite in the same namespace."""

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
    """Login of the device on the broker."""

    rotation: Annotated[int, Field(ge=0, le=2147483647)] = 0
    """Number of the password. Increase it to give the device a new password; it cannot be decreased."""

    switch_after: Annotated[str, duration("0s", "168h")] = "5m"
    """Time after a rotation for which the old password still works. During it the Secret has the new password as
    nextPassword, and the time of the switch as switchTime."""

    secret_name: SecretName | None = None
    """Name of the Secret that the operator creates. Default: <name>-device-credentials."""

    existing_secret_ref: SecretRef | None = None
    """Existing Secret to use instead. It must have the key password (at least 20 characters) and the label
    edge-stack.io/device-credentials: "true". The operator only reads it."""


class EdgeDeviceSpec(ApiModel):
    """Desired state of the device, including how its liveness is judged."""

    site_ref: Annotated[SiteReference, Field(json_schema_extra=MAP_ATOMIC)]
    """EdgeSite that the device belongs to. Cannot be changed."""

    device_id: DeviceId | None = None
    """Identifier of the device in MQTT topics and URLs, and its username. Unique in its site. Cannot be changed.
    Default: the object's name."""

    display_name: Annotated[str, Field(max_length=253, json_schema_extra=PRINTABLE)] | None = None
    """Display name of the device."""

    type: Annotated[str, Field(max_length=63, json_schema_extra=PRINTABLE)] | None = None
    """Type of the device, such as temperature-sensor."""

    location: Annotated[str, Field(max_length=253, json_schema_extra=PRINTABLE)] | None = None
    """Location of the device in the site."""

    attributes: Annotated[
        dict[str, Annotated[str, Field(max_length=256)]] | None,
        Field(max_length=32, json_schema_extra=ATTRIBUTES_RULES),
    ] = None
    """Other attributes of the device, such as its serial number. At most 32."""

    heartbeat_interval: Annotated[str, duration("1s", "24h")] | None = None
    """Interval at which the device sends at least one message. Default: the site's devices.heartbeatInterval."""

    offline_after: Annotated[str, duration("2s", "168h")] | None = None
    """Time without any message after which the device is Offline. At least twice heartbeatInterval. Default: the larger
    of the site's devices.offlineAfter and 2.5 times heartbeatInterval."""

    presence: Literal["Connected", "Intermittent"] = "Connected"
    """Connected: the device keeps a connection to the broker; losing it makes the device Offline. Intermittent (HTTP,
    deep sleep): only the absence of messages for offlineAfter makes the device Offline."""

    disabled: bool = False
    """If true, the broker and the gateway reject the device."""

    cloud_commands: bool = False
    """If true, the cloud may send commands to the device. The site must allow it too: cloud.commands: Enabled."""

    credentials: Annotated[Credentials, Field(json_schema_extra=CREDENTIALS_RULES)] = Credentials()
    """Login of the device on the broker."""


class Connectivity(ApiModel):
    """Observed liveness of the device."""

    reason: Annotated[str, Field(max_length=64)] | None = None
    """Reason for the phase, such as HeartbeatExpired. docs/conditions.md lists every reason."""

    since_time: Timestamp | None = None
    """Time at which the phase last changed."""

    last_seen_time: Timestamp | None = None
    """Time of the last message of the device, by the operator's clock. Approximate: updated at most every 5 minutes."""

    session: Annotated[str, Field(max_length=128)] | None = None
    """Session that the device stated in its last online status."""


class EdgeDeviceStatus(ApiModel):
    """Observed state of the device."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that the operator last reconciled."""

    device_id: Annotated[str, Field(max_length=64)] | None = None
    """Identifier of the device in effect."""

    password_switch_time: Timestamp | None = None
    """Time at which the broker accepts the new password instead of the old one. Present only while a rotation is under
    way."""

    phase: Literal["Online", "Offline", "Unknown", "Pending", "Disabled"] | None = None
    """Online: the device is alive. Offline: it is not. Unknown: the operator has no information. Pending: it has no
    login yet. Disabled: spec.disabled is true."""

    connectivity: Connectivity | None = None
    """Observed liveness of the device."""

    conditions: Conditions = None
    """Conditions of the device: Ready, CredentialsReady, Connected. StatusUnreadable, Reconciling and Stalled are
    present only while they are true."""

    reported: Annotated[dict[str, Annotated[str, Field(max_length=128)]] | None, Field(max_length=17)] = None
    """Values that the device reported about itself, such as firmware and address. The value of status is the device's
    own word for its status, if it is neither online nor offline. Updated at most every 5 minutes."""


class EdgeDevice(ApiModel):
    """EdgeDevice is one device of a site: its identity on the broker and its liveness."""

    spec: Annotated[EdgeDeviceSpec, Field(json_schema_extra=SPEC_RULES)]
    """Desired state of the device, including how its liveness is judged."""

    status: EdgeDeviceStatus | None = None
    """Observed state of the device. Written by the operator."""
