"""The rule which of the user's Secrets may be used for a site. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

LABEL = "edge-stack.io/use"
"""Label of the Secrets that may be used. Without it, who may edit a site could send any Secret to a host."""

Secret = Mapping[str, Any] | None
"""A Secret as the API server has it; None if it does not exist."""

_PATTERN = re.compile(r"[-.a-z0-9*]+/[-.a-z0-9*]+")


def check_secret_pattern(text: str) -> str:
    """Return a pattern of `allowedSecrets`.

    Raises:
        ValueError: it is not a namespace and a name, each with `*` for any characters.
    """
    if not _PATTERN.fullmatch(text):
        raise ValueError(f"must be namespace/name, such as plants/broker-login or plants/* (given: {text!r})")
    return text


@dataclass(frozen=True, slots=True)
class SecretUse:
    """The Secrets that may be used: those with the label, and those that the operator's settings allow.

    Attributes:
        allowed: patterns `namespace/name` of Secrets that need no label; `*` matches any characters.
    """

    allowed: tuple[str, ...] = ()

    def allows(self, namespace: str, name: str, secret: Secret) -> bool:
        """Return whether a Secret exists and may be used."""
        return secret is not None and (_is_labelled(secret) or self._is_listed(namespace, name))

    def problem(self, named: str, namespace: str, name: str, secret: Secret) -> str | None:
        """Return why a Secret may not be used and what to do; None if it may be.

        Args:
            named: the Secret and the field that names it.
            namespace: namespace of the Secret.
            name: name of the Secret.
            secret: the Secret.
        """
        if self.allows(namespace, name, secret):
            return None
        label = f"kubectl label secret {name} {LABEL}=true"
        if secret is None:
            return f"{named} does not exist: create it, then run {label}"
        return f'{named} does not have the label {LABEL}: "true": run {label}'

    def _is_listed(self, namespace: str, name: str) -> bool:
        patterns = (pattern.split("/") for pattern in self.allowed)
        return any(fnmatchcase(namespace, one) and fnmatchcase(name, other) for one, other in patterns)


def _is_labelled(secret: Mapping[str, Any]) -> bool:
    return bool((secret["metadata"].get("labels") or {}).get(LABEL) == "true")
