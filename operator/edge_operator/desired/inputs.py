"""What every builder is given: one site, and the release that makes it."""

from dataclasses import dataclass, field
from typing import Any

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.desired.release import Release

Manifest = dict[str, Any]
"""A Kubernetes object, or a part of one, as JSON."""


@dataclass(frozen=True, slots=True)
class Site:
    """One EdgeSite, as the builders see it.

    Attributes:
        name: its name.
        namespace: its namespace.
        uid: its uid; children point to it as their owner.
        spec: what it should be.
        release: defaults of the operator's release.
        root: the site's root key; every password derives from it.
    """

    name: str
    namespace: str
    uid: str
    spec: EdgeSiteSpec
    release: Release
    root: bytes = field(repr=False)
