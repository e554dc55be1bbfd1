"""The operator's Secrets: an index with the site's own logins, and the devices' logins in shards. Pure."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from edge_broker_agent.errors import RejectedError
from edge_broker_agent.passwords import checked_lines, joined

MAX_SHARDS = 1024
MAX_VALUE_BYTES = 900 * 1024
"""No Secret is larger than a MiB."""

Data = Mapping[str, str]
"""The `data` of a Secret: base64 by key."""


@dataclass(frozen=True, slots=True)
class Index:
    """The Secret with the number of shards.

    Attributes:
        count: the number of shards.
        lines: password lines of components and other clients.
    """

    count: int
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Shard:
    """The Secret with the logins of a part of the devices.

    Attributes:
        of: number of shards when it was written.
        lines: password lines of its devices.
    """

    of: int
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The Secret of the TLS listener, in cert-manager's format.

    Attributes:
        pem: the certificate, its chain and the key in one file, so that one rename replaces them together.
    """

    pem: bytes


def parse_index(data: Data) -> Index:
    """Parse the index.

    Raises:
        RejectedError: a key is missing, or a value is invalid.
    """
    return Index(_count(data, "shards"), checked_lines(_value(data, "passwords")))


def parse_shard(data: Data) -> Shard:
    """Parse a shard.

    Raises:
        RejectedError: a key is missing, or a value is invalid.
    """
    return Shard(_count(data, "of"), checked_lines(_value(data, "passwords")))


def parse_certificate(data: Data) -> Certificate:
    """Parse certificate and key; TLS checks later whether they match.

    Raises:
        RejectedError: one of them is missing.
    """
    chain, key = _value(data, "tls.crt"), _value(data, "tls.key")
    if not chain.strip() or not key.strip():
        raise RejectedError("certificate", "`tls.crt` or `tls.key` is empty; put a certificate and its key there")
    return Certificate(chain.rstrip(b"\n") + b"\n" + key.rstrip(b"\n") + b"\n")


def assemble(index: Index | None, shards: Mapping[int, Shard]) -> bytes | None:
    """Return the password file; None while index and shards disagree on the number of shards.

    Raises:
        RejectedError: two lines have the same user.
    """
    if index is None:
        return None
    parts = {"the index": index.lines}
    for number in range(index.count):
        shard = shards.get(number)
        if shard is None or shard.of != index.count:
            return None
        parts[f"shard {number}"] = shard.lines
    return joined(parts)


def _count(data: Data, key: str) -> int:
    value = _value(data, key)
    if not re.fullmatch(rb"0|[1-9][0-9]{0,3}", value) or int(value) > MAX_SHARDS:
        raise RejectedError("count", f"`{key}` must be a number from 0 to {MAX_SHARDS}")
    return int(value)


def _value(data: Data, key: str) -> bytes:
    if key not in data:
        raise RejectedError("missing_key", f"the key `{key}` is missing")
    try:
        value = base64.b64decode(data[key], validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise RejectedError("encoding", f"`{key}` is not base64") from error
    if len(value) > MAX_VALUE_BYTES:
        raise RejectedError("too_large", f"`{key}` has {len(value)} bytes; {MAX_VALUE_BYTES} are the most")
    return value
