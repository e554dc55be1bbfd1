"""An EdgeSite as the operator holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .store import SiteKey
from .verdict import Claim


@dataclass(frozen=True, slots=True)
class SiteObject:
    """One EdgeSite as the API server has it.

    Attributes:
        body: the object, as JSON.
    """

    body: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata."""
        found: Mapping[str, Any] = self.body["metadata"]
        return found

    @property
    def key(self) -> SiteKey:
        """Its namespace and name."""
        return self.metadata["namespace"], self.metadata["name"]

    @property
    def claim(self) -> Claim:
        """On whose behalf objects are judged."""
        return Claim(self.metadata["name"], self.metadata["uid"])

    @property
    def generation(self) -> int:
        """Its metadata.generation."""
        return int(self.metadata["generation"])

    @property
    def deleting(self) -> bool:
        """Whether it is being deleted."""
        return "deletionTimestamp" in self.metadata

    @property
    def status(self) -> Mapping[str, Any]:
        """Its status; `{}` if there is none yet."""
        return self.body.get("status") or {}

    def __str__(self) -> str:
        """Return `EdgeSite namespace/name`."""
        return f"EdgeSite {self.metadata['namespace']}/{self.metadata['name']}"
