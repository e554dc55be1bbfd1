"""The custom resources in the cache: EdgeSite and EdgeDevice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edge_operator.api.conditions import find_condition
from edge_operator.control.diff.action import OwnerRef
from edge_operator.status import reasons
from edge_wire.goduration import parse_duration

from .child_cache import DEVICE, SITE, ResourceKey

SWITCH_AFTER = "5m"
"""Default of `credentials.switchAfter`, the same as in the CRD, for objects stored without it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A custom resource as last reported by the API server.

    Attributes:
        body: the object, as JSON.
    """

    KIND: ClassVar[str]

    body: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the object."""
        found: Mapping[str, Any] = self.body["metadata"]
        return found

    @property
    def key(self) -> ResourceKey:
        """Namespace and name."""
        return self.metadata["namespace"], self.metadata["name"]

    @property
    def owner_ref(self) -> OwnerRef:
        """Reference to the resource as an owner of objects."""
        return OwnerRef(self.KIND, self.metadata["name"], self.metadata["uid"])

    @property
    def generation(self) -> int:
        """The metadata.generation."""
        return int(self.metadata["generation"])

    @property
    def deleting(self) -> bool:
        """Whether the resource is being deleted."""
        return "deletionTimestamp" in self.metadata

    @property
    def spec(self) -> Mapping[str, Any]:
        """The spec; `{}` if there is none."""
        return self.body.get("spec") or {}

    @property
    def status(self) -> Mapping[str, Any]:
        """The status; `{}` if there is none yet."""
        return self.body.get("status") or {}

    def __str__(self) -> str:
        """Return `Kind namespace/name`."""
        return f"{self.KIND} {self.metadata['namespace']}/{self.metadata['name']}"


class CachedSite(Resource):
    """An EdgeSite."""

    __slots__ = ()
    KIND = SITE

    @property
    def external_broker(self) -> bool:
        """Whether the site uses a broker that the user operates."""
        return (self.spec.get("broker") or {}).get("type") == "External"

    @property
    def user_tls_secret(self) -> ResourceKey | None:
        """Key of the Secret with the user's certificate for the managed broker; None if the operator creates one."""
        tls = ((self.spec.get("broker") or {}).get("managed") or {}).get("tls")
        if tls is None or self.external_broker:
            return None
        return self.metadata["namespace"], str((tls.get("secretRef") or {}).get("name"))

    @property
    def broker_dropping(self) -> bool:
        """Whether the status has the condition BrokerDropping."""
        return bool(find_condition(self.status, "BrokerDropping"))

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Endpoints of the site by protocol, from its status."""
        return self.status.get("endpoints") or {}

    @property
    def paused(self) -> bool:
        """Whether the spec pauses changes."""
        return bool(self.spec.get("paused", False))


class CachedDevice(Resource):
    """An EdgeDevice."""

    __slots__ = ()
    KIND = DEVICE

    @property
    def site(self) -> ResourceKey:
        """Key of the site in `spec.siteRef`."""
        return self.metadata["namespace"], (self.spec.get("siteRef") or {}).get("name", "")

    @property
    def device_id(self) -> str:
        """Identifier in MQTT topics and URLs."""
        return str(self.spec.get("deviceId") or self.metadata["name"])

    @property
    def credentials(self) -> Mapping[str, Any]:
        """The `spec.credentials`; `{}` if there are none."""
        return self.spec.get("credentials") or {}

    @property
    def rotation(self) -> int:
        """Number of the password in the spec."""
        return int(self.credentials.get("rotation", 0))

    @property
    def switch_after(self) -> float:
        """Seconds after a rotation for which the previous password still works."""
        given = seconds(self.credentials.get("switchAfter"))
        return parse_duration(SWITCH_AFTER) if given is None else given

    @property
    def secret_name(self) -> str:
        """Name of the Secret that the operator creates for the device."""
        return str(self.credentials.get("secretName") or f"{self.metadata['name']}-device-credentials")

    @property
    def user_secret(self) -> ResourceKey | None:
        """Key of the Secret with the user's password; None if the operator creates one."""
        reference = self.credentials.get("existingSecretRef")
        return None if reference is None else (self.metadata["namespace"], str(reference.get("name")))

    @property
    def disabled(self) -> bool:
        """Whether the spec disables the device."""
        return bool(self.spec.get("disabled", False))

    @property
    def has_login(self) -> bool:
        """Whether the login of the device exists, or is not issued by the operator."""
        condition = find_condition(self.status, "CredentialsReady")
        return condition.get("status") == "True" or condition.get("reason") == reasons.EXTERNAL_BROKER

    @property
    def logs_in(self) -> bool:
        """Whether the broker must accept the device."""
        return not (self.deleting or self.disabled)

    @property
    def creation_order(self) -> tuple[str, str]:
        """Sort key by creation: of two devices with one identifier the smaller is the older."""
        return str(self.metadata.get("creationTimestamp", "")), str(self.metadata["uid"])


def seconds(duration: object) -> float | None:
    """Return the seconds of a duration; None if it is not a duration, as an earlier CRD may have allowed.

    One resource with an invalid value must not stop the reconcile of the others.
    """
    try:
        return parse_duration(duration) if isinstance(duration, str) else None
    except ValueError:
        return None
