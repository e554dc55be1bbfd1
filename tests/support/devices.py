"""EdgeDevices of one namespace, on a real API server."""

from dataclasses import dataclass
from typing import Any

from edge_operator.api.conditions import find_condition
from edge_operator.api.schema import API_VERSION
from edge_operator.desired.encoding import secret_value
from edge_operator.desired.kinds import SECRET
from tests.support.processes import eventually
from tests.support.sites import SITE_MANAGER, Sites


@dataclass(frozen=True)
class Devices:
    """The devices of one site.

    Attributes:
        sites: the sites of the namespace.
        site: name of the site.
    """

    sites: Sites
    site: str

    def path(self, name: str) -> str:
        """Return the URL path of a device."""
        return f"/apis/{API_VERSION}/namespaces/{self.sites.namespace}/edgedevices/{name}"

    def apply(self, name: str, **spec: Any) -> dict[str, Any]:
        """Apply a device."""
        body = {
            "apiVersion": API_VERSION,
            "kind": "EdgeDevice",
            "metadata": {"name": name, "namespace": self.sites.namespace},
            "spec": {"siteRef": {"name": self.site}, **spec},
        }
        return self.sites.api.apply(self.path(name), body, SITE_MANAGER)

    def get(self, name: str) -> dict[str, Any]:
        """Return a device."""
        return self.sites.api("GET", self.path(name))

    def delete(self, name: str) -> None:
        """Delete a device."""
        self.sites.api("DELETE", self.path(name))

    def condition(self, name: str, aspect: str) -> tuple[str, str, str]:
        """Return status, reason and message of a condition; of a device's present generation only."""
        device = self.get(name)
        condition = find_condition(device.get("status") or {}, aspect)
        if condition.get("observedGeneration") != device["metadata"]["generation"]:
            return "", "", ""
        return condition["status"], condition["reason"], condition["message"]

    def await_reason(self, name: str, aspect: str, reason: str) -> str:
        """Wait for a condition's reason and return its message."""
        eventually(f"{name} {aspect} {reason}", lambda: self.condition(name, aspect)[1] == reason or None)
        return self.condition(name, aspect)[2]

    def secret(self, name: str) -> dict[str, str] | None:
        """Return the content of a Secret; None if there is none."""
        found = self.sites.child(SECRET, name)
        return None if found is None else {key: _text(found, key) for key in found.get("data") or ()}

    def logins(self) -> dict[str, str]:
        """Return the lines of the broker's password file by username, as its agent puts them together."""
        index = f"{self.site}-mqtt-auth"
        count = int((self.secret(index) or {}).get("shards", "0"))
        parts = [self.secret(name) or {} for name in (index, *(f"{index}-{number}" for number in range(count)))]
        lines = (line for part in parts for line in part.get("passwords", "").splitlines())
        return {line.partition(":")[0]: line for line in lines}

    def await_login(self, device_id: str) -> str:
        """Wait until the broker's password file has a line for the device and return it."""
        line: str = eventually(f"a login of {device_id}", lambda: self.logins().get(device_id))
        return line


def _text(secret: dict[str, Any], key: str) -> str:
    return (secret_value(secret, key) or b"").decode(errors="backslashreplace")
