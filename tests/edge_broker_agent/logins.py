"""A site's logins as the operator writes them: an index and shards of devices."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from edge_operator.identity import derive
from edge_operator.identity.logins import device_login, site_logins
from edge_operator.identity.passwords import Login, password_line

ROOT = bytes(range(32))
CONFLICT = 409


@dataclass
class SiteLogins:
    """Writes the Secrets of one site.

    Attributes:
        core: the API server, as the operator.
        namespace: the site's.
        site: its name.
        shards: how many there are.
        rotations: of each device; who is not in it cannot log in.
    """

    core: client.CoreV1Api
    namespace: str
    site: str
    shards: int = 1
    rotations: dict[str, int] = field(default_factory=dict)

    @property
    def index(self) -> str:
        """The name of the index; a shard's has a number after it."""
        return f"{self.site}-mqtt-auth"

    @property
    def passwords(self) -> dict[str, str]:
        """Every login's password by its username."""
        logins = [*site_logins(ROOT, ()), *(self._login(device) for device in self.rotations)]
        return {login.username: login.password for login in logins}

    def write(self) -> None:
        """Write all: the shards first."""
        for number in range(self.shards):
            self.write_shard(number)
        self.write_index()

    def write_index(self) -> None:
        """Write the index."""
        self.put(self.index, {"shards": str(self.shards), "passwords": self._lines(site_logins(ROOT, ()))})

    def write_shard(self, number: int) -> None:
        """Write one shard."""
        devices = (device for device in self.rotations if self.shard_of(device) == number)
        content = self._lines(self._login(device) for device in devices)
        self.put(f"{self.index}-{number}", {"of": str(self.shards), "passwords": content})

    def shard_of(self, device: str) -> int:
        """Return where a device stands."""
        return int.from_bytes(hashlib.sha256(device.encode()).digest()[:8], "big") % self.shards

    def revoke(self, device: str) -> None:
        """Take a device's login away."""
        number = self.shard_of(device)
        del self.rotations[device]
        self.write_shard(number)

    def put(self, name: str, content: dict[str, str]) -> None:
        """Write one Secret."""
        body = client.V1Secret(metadata=client.V1ObjectMeta(name=name), string_data=content)
        try:
            self.core.create_namespaced_secret(self.namespace, body)
        except ApiException as error:
            if error.status != CONFLICT:
                raise
            self.core.replace_namespaced_secret(name, self.namespace, body)

    def _login(self, device: str) -> Login:
        return device_login(ROOT, device, self.rotations[device])

    def _lines(self, logins: Iterable[Login]) -> str:
        lines = (password_line(each, derive.salt(ROOT, each.username, each.password)) for each in logins)
        return "".join(f"{line}\n" for line in sorted(lines))
