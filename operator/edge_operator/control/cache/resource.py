"""The custom resources as the operator holds them: an EdgeSite, an EdgeDevice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edge_operator.control.diff.action import OwnerRef
from edge_wire.goduration import parse_duration

from .child_cache import DEVICE, SITE, ResourceKey

SWITCH_AFTER = "5m"
"""Where the stored object has no `credentials.switchAfter`; the CRD's own default."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One object of ours as the API server has it.

    Attributes:
        body: the object, as JSON.
    """

    KIND: ClassVar[str]

    body: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata."""
        found: Mapping[str, Any] = self.body["metadata"]
        return found

    @property
    def key(self) -> ResourceKey:
        """Its namespace and name."""
        return self.metadata["namespace"], self.metadata["name"]

    @property
    def owner_ref(self) -> OwnerRef:
        """On whose behalf objects are judged."""
        return OwnerRef(self.KIND, self.metadata["name"], self.metadata["uid"])

    @property
    def generation(self) -> int:
        """Its metadata.generation."""
        return int(self.metadata["generation"])

    @property
    def deleting(self) -> bool:
        """Whether it is being deleted."""
        return "deletionTimestamp" in self.metadata

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec; `{}` if there is none."""
        return self.body.get("spec") or {}

    @property
    def status(self) -> Mapping[str, Any]:
        """Its status; `{}` if there is none yet."""
        return self.body.get("status") or {}

    def __str__(self) -> str:
        """Return `Kind namespace/name`."""
        return f"{self.KIND} {self.metadata['namespace']}/{self.metadata['name']}"


class CachedSite(Resource):
    """One EdgeSite."""

    __slots__ = ()
    KIND = SITE

    @property
    def external_broker(self) -> bool:
        """Whether the user runs the broker."""
        return (self.spec.get("broker") or {}).get("type") == "External"

    @property
    def user_tls_secret(self) -> ResourceKey | None:
        """The key of the Secret with the user's certificate of our broker; None where the operator makes one."""
        tls = ((self.spec.get("broker") or {}).get("managed") or {}).get("tls")
        if tls is None or self.external_broker:
            return None
        return self.metadata["namespace"], str((tls.get("secretRef") or {}).get("name"))

    @property
    def broker_dropping(self) -> bool:
        """Whether its status says that its broker drops messages."""
        return any(each["type"] == "BrokerDropping" for each in self.status.get("conditions") or ())

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Where it is reached by protocol, as its status says."""
        return self.status.get("endpoints") or {}

    @property
    def paused(self) -> bool:
        """Whether nothing is to be changed."""
        return bool(self.spec.get("paused", False))


class CachedDevice(Resource):
    """One EdgeDevice."""

    __slots__ = ()
    KIND = DEVICE

    @property
    def site(self) -> ResourceKey:
        """The key of the site that it names."""
        return self.metadata["namespace"], (self.spec.get("siteRef") or {}).get("name", "")

    @property
    def device_id(self) -> str:
        """Its identifier on the wire."""
        return str(self.spec.get("deviceId") or self.metadata["name"])

    @property
    def credentials(self) -> Mapping[str, Any]:
        """Its `spec.credentials`."""
        return self.spec.get("credentials") or {}

    @property
    def rotation(self) -> int:
        """Which of its passwords is in effect."""
        return int(self.credentials.get("rotation", 0))

    @property
    def switch_after(self) -> float:
        """Seconds for which the password before the present one still works."""
        given = seconds(self.credentials.get("switchAfter"))
        return parse_duration(SWITCH_AFTER) if given is None else given

    @property
    def secret_name(self) -> str:
        """Name of the Secret that is made for it."""
        return str(self.credentials.get("secretName") or f"{self.metadata['name']}-device-credentials")

    @property
    def user_secret(self) -> ResourceKey | None:
        """The key of the Secret with the user's own password; None where the operator makes one."""
        reference = self.credentials.get("existingSecretRef")
        return None if reference is None else (self.metadata["namespace"], str(reference.get("name")))

    @property
    def disabled(self) -> bool:
        """Whether it is to be cut off."""
        return bool(self.spec.get("disabled", False))

    @property
    def has_login(self) -> bool:
        """Whether its login is in place, or is not ours to give."""
        for condition in self.status.get("conditions") or ():
            if condition["type"] == "CredentialsReady":
                return bool(condition["status"] == "True" or condition["reason"] == "ExternalBroker")
        return False

    @property
    def logs_in(self) -> bool:
        """Whether the broker is to let it in."""
        return not (self.deleting or self.disabled)

    @property
    def creation_order(self) -> tuple[str, str]:
        """What decides between two devices of one identifier: the smaller is the elder."""
        return str(self.metadata.get("creationTimestamp", "")), str(self.metadata["uid"])


def seconds(duration: object) -> float | None:
    """Return the seconds of a duration; None of what is none, as it may have been stored under an earlier CRD.

    One resource that cannot be read must not keep the others from being worked on.
    """
    try:
        return parse_duration(duration) if isinstance(duration, str) else None
    except ValueError:
        return None
