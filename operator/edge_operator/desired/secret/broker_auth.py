"""The logins of the managed broker, as its agent reads them: components in the index, devices in shards.

Every change of a Secret rewrites it in etcd, so many devices are spread over several. How many there are goes into
the index and into each shard: the agent takes them together once all of them agree.
"""

import hashlib
from collections.abc import Collection, Container, Iterable, Iterator

from edge_operator.desired import components
from edge_operator.desired.encoding import secret_text
from edge_operator.desired.inputs import DeviceLogin, Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.opaque import opaque
from edge_operator.identity.logins import device_login, site_logins
from edge_operator.identity.passwords import Login, password_file, usernames, without

BROKER_AUTH = "mqtt-auth"
PASSWORDS, SHARDS, OF = "passwords", "shards", "of"
DEVICES_A_SHARD = 500
"""On average; a line has at most 180 bytes, so the fullest shard stays below 128 KiB."""


def broker_auth(site: SiteInput) -> list[Manifest]:
    """Return the index and the shards; none when the user runs the broker."""
    managed = components.managed_broker(site)
    if managed is None:
        return []
    shards = _shards(site.devices)
    own = site_logins(site.root, managed.clients or ())
    index = {SHARDS: str(len(shards)), PASSWORDS: password_file(site.root, own)}
    return [
        opaque(site, components.MQTT, broker_auth_name(site), index),
        *(_shard(site, number, len(shards), devices) for number, devices in enumerate(shards)),
    ]


def broker_auth_names(site: SiteInput) -> list[str]:
    """Return the names of the index and the shards."""
    count = shard_count(len(site.devices))
    return [broker_auth_name(site), *(_shard_name(site, number) for number in range(count))]


def broker_auth_name(site: SiteInput) -> str:
    """Return the name of the index."""
    return child_name(site, BROKER_AUTH)


def is_broker_auth(site_name: str, name: str) -> bool:
    """Return whether a Secret of that name is the index or a shard of the site."""
    index = f"{site_name}-{BROKER_AUTH}"
    before, _, number = name.rpartition("-")
    return name == index or (before == index and number.isdecimal())


def logins_in(secret: Manifest) -> frozenset[str]:
    """Return the usernames in an index or a shard as the API server has it.

    Raises:
        ValueError: its content cannot be read.
    """
    return usernames(secret_text(secret, PASSWORDS) or "")


def broker_auth_without(site: SiteInput, secret: Manifest, revoked: Container[str]) -> Manifest:
    """Return an index or a shard of the API server without the lines of `revoked`.

    Args:
        site: the site; only its name, namespace and uid are used.
        secret: as it is.
        revoked: usernames.

    Raises:
        ValueError: its content cannot be read.
    """
    values = {key: text for key in (SHARDS, OF) if (text := secret_text(secret, key)) is not None}
    values[PASSWORDS] = without(secret_text(secret, PASSWORDS) or "", revoked)
    return opaque(site, components.MQTT, secret["metadata"]["name"], values)


def shard_count(devices: int) -> int:
    """Return the number of shards: a power of two, so that it changes rarely; none without devices."""
    if devices == 0:
        return 0
    return 1 << ((devices - 1) // DEVICES_A_SHARD).bit_length()


def shard_of(device_id: str, count: int) -> int:
    """Return the shard of a device among `count`."""
    return int.from_bytes(hashlib.sha256(device_id.encode()).digest()[:4], "big") % count


def _shards(devices: Collection[DeviceLogin]) -> list[list[DeviceLogin]]:
    count = shard_count(len(devices))
    shards: list[list[DeviceLogin]] = [[] for _ in range(count)]
    for each in devices:
        shards[shard_of(each.device_id, count)].append(each)
    return shards


def _shard(site: SiteInput, number: int, count: int, devices: Iterable[DeviceLogin]) -> Manifest:
    values = {OF: str(count), PASSWORDS: password_file(site.root, _logins(site.root, devices))}
    return opaque(site, components.MQTT, _shard_name(site, number), values)


def _shard_name(site: SiteInput, number: int) -> str:
    return f"{broker_auth_name(site)}-{number}"


def _logins(root: bytes, devices: Iterable[DeviceLogin]) -> Iterator[Login]:
    for each in devices:
        if each.user_password is not None:
            yield Login(each.device_id, each.user_password)
        else:
            yield device_login(root, each.device_id, each.rotation)
