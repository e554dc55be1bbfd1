"""The list of the API tokens that a site's gateway accepts: names, roles and digests, not the tokens themselves."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object
from edge_wire.messages.malformed import MalformedError, kind


class ApiRole(StrEnum):
    """What the holder of a token may do; each role includes those before it."""

    READ = "Read"
    OPERATE = "Operate"
    ADMIN = "Admin"

    def includes(self, other: "ApiRole") -> bool:
        """Return whether its holder may do all that the holder of another role may do."""
        order = tuple(ApiRole)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class ApiTokenEntry:
    """One token.

    Attributes:
        name: its name, for logs.
        role: what its holder may do.
        digest: SHA-256 of the token, as hexadecimal digits. A token has 256 random bits: it cannot be guessed from it.
    """

    name: str
    role: ApiRole
    digest: str


@dataclass(frozen=True, slots=True)
class ApiTokenList:
    """The payload of `edge/api-tokens`, and the content of the gateway's file.

    Attributes:
        tokens: all tokens; others are not accepted.
    """

    tokens: tuple[ApiTokenEntry, ...]

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the list in `payload`.

        Raises:
            MalformedError: it is not a list of tokens.
        """
        listed = load_object(payload).get("tokens")
        if not isinstance(listed, list):
            raise MalformedError("type", f"tokens must be an array, not {kind(listed)}")
        return cls(tuple(_entry(each) for each in listed))

    def encode(self) -> bytes:
        """Return the payload; equal lists have equal payloads."""
        tokens = ({"name": each.name, "role": each.role, "digest": each.digest} for each in self.tokens)
        return dump({"tokens": list(tokens)})

    def by_digest(self) -> Mapping[str, ApiTokenEntry]:
        """Return the tokens by their digests."""
        return {each.digest: each for each in self.tokens}


def token_digest(token: str) -> str:
    """Return the digest of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _entry(document: Any) -> ApiTokenEntry:
    if not isinstance(document, dict):
        raise MalformedError("type", f"a token must be a JSON object, not {kind(document)}")
    fields = dict(document)
    role = ApiRole(take.one_of(fields, "role", tuple(ApiRole)))
    return ApiTokenEntry(take.text(fields, "name"), role, take.text(fields, "digest"))
