"""The custom resources in the cache: EdgeSite and EdgeDevice."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final

from edge_operator.api.conditions import find_condition
from edge_operator.api.edgedevice import Credentials, EdgeDeviceSpec
from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.api.references import SecretReference
from edge_operator.api.stored import read_stored
from edge_operator.control.diff.action import OwnerRef
from edge_operator.status import reasons
from edge_wire.goduration import parse_duration

from .child_cache import DEVICE, SITE, ResourceKey

UNNAMED = "None"
"""Name in a reference to a Secret that has none. No Secret can have it, while a read of "" would list all Secrets."""


@dataclass(frozen=True)
class Resource:
    """A custom resource as last reported by the API server.

    Attributes:
        body: the object, as JSON.
    """

    __slots__ = ("body",)  # not by the decorator, which creates the class again: 3.11 then sets no fields of subclasses
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
    def status(self) -> Mapping[str, Any]:
        """The status; `{}` if there is none yet."""
        return self.body.get("status") or {}

    @property
    def resumes(self) -> bool:
        """Whether its changes were paused when its status was written, and are not any more."""
        return False

    def _secret_key(self, secret: SecretReference) -> ResourceKey:
        return self.metadata["namespace"], secret.name or UNNAMED

    def __str__(self) -> str:
        """Return `Kind namespace/name`."""
        return f"{self.KIND} {self.metadata['namespace']}/{self.metadata['name']}"


class CachedSite(Resource):
    """An EdgeSite.

    Attributes:
        external_broker: whether the site uses a broker that the user operates.
        user_tls_secret: key of the Secret with the user's certificate for the managed broker; None if the operator
            creates one.
        device_defaults: the defaults of its devices.
        paused: whether the spec pauses changes.
    """

    __slots__ = ("device_defaults", "external_broker", "paused", "user_tls_secret")
    KIND = SITE

    def __init__(self, body: Mapping[str, Any]) -> None:
        super().__init__(body)
        spec = read_stored(EdgeSiteSpec, body.get("spec"))
        managed = spec.broker.managed
        tls = managed.tls if managed is not None else None
        self.external_broker: Final = spec.broker.type == "External"
        self.user_tls_secret: Final = None if tls is None or self.external_broker else self._secret_key(tls.secret_ref)
        self.device_defaults: Final = spec.devices
        self.paused: Final = spec.paused

    @property
    def resumes(self) -> bool:
        """Whether the spec paused changes when the status was written, and does not any more."""
        return not self.paused and self.status.get("phase") == "Paused"

    @property
    def broker_dropping(self) -> str | None:
        """The message of the condition BrokerDropping; None if the status does not have it."""
        found = find_condition(self.status, "BrokerDropping")
        return str(found.get("message", "")) if found else None

    @property
    def broker_data_lost(self) -> bool:
        """Whether the status has the condition BrokerDataLost."""
        return bool(find_condition(self.status, "BrokerDataLost"))

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Endpoints of the site by protocol, from its status."""
        return self.status.get("endpoints") or {}


class CachedDevice(Resource):
    """An EdgeDevice.

    The attributes are read from the spec once: they are needed for every message or every reconcile of the site.

    Attributes:
        site: key of the site in `spec.siteRef`; its name is "" if there is none.
        device_id: identifier in MQTT topics and URLs.
        disabled: whether the spec disables the device.
        rotation: number of the password in the spec.
        switch_after: seconds after a rotation for which the previous password still works.
        user_secret: key of the Secret with the user's password; None if the operator creates one.
    """

    __slots__ = ("_secret_name", "device_id", "disabled", "rotation", "site", "switch_after", "user_secret")
    KIND = DEVICE

    def __init__(self, body: Mapping[str, Any]) -> None:
        super().__init__(body)
        spec = self.spec
        credentials, reference = spec.credentials, spec.credentials.existing_secret_ref
        switch_after = seconds(credentials.switch_after)
        self.site: Final = self.metadata["namespace"], spec.site_ref.name
        self.device_id: Final = spec.device_id or str(self.metadata["name"])
        self.disabled: Final = spec.disabled
        self.rotation: Final = credentials.rotation
        self.switch_after: Final = parse_duration(Credentials().switch_after) if switch_after is None else switch_after
        self.user_secret: Final = None if reference is None else self._secret_key(reference)
        self._secret_name: Final = credentials.secret_name

    @property
    def spec(self) -> EdgeDeviceSpec:
        """The spec; parsed on each read, because 100,000 of these objects would take much memory."""
        return read_stored(EdgeDeviceSpec, self.body.get("spec"))

    @property
    def secret_name(self) -> str:
        """Name of the Secret that the operator creates for the device."""
        return self._secret_name or f"{self.metadata['name']}-device-credentials"

    @property
    def has_login(self) -> bool:
        """Whether the login of the device exists, or is not issued by the operator."""
        condition = find_condition(self.status, "CredentialsReady")
        return condition.get("status") == "True" or condition.get("reason") == reasons.EXTERNAL_BROKER

    @property
    def resumes(self) -> bool:
        """Whether its site was paused when its status was written; while it is, nothing is applied."""
        return find_condition(self.status, "Ready").get("reason") == reasons.SITE_PAUSED

    @property
    def logs_in(self) -> bool:
        """Whether the broker must accept the device."""
        return not (self.deleting or self.disabled)

    @property
    def creation_order(self) -> tuple[str, str, str]:
        """Sort key: of two devices with one identifier the older, or the first by name, has the smaller one.

        Times are in whole seconds, so devices of one file often have the same.
        """
        return str(self.metadata.get("creationTimestamp", "")), self.key[1], str(self.metadata["uid"])


@lru_cache(1024)  # devices with equal durations share one float
def seconds(duration: object) -> float | None:
    """Return the seconds of a duration; None if it is not a duration, as an earlier CRD may have allowed.

    One resource with an invalid value must not stop the reconcile of the others.
    """
    try:
        return parse_duration(duration) if isinstance(duration, str) else None
    except ValueError:
        return None
