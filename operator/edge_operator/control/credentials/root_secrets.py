"""The root keys of the sites: read, remembered, put back, and made only where there never was one."""

import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import Objects
from edge_operator.control.cache.child_cache import ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import MANAGED_BY, controller
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.metadata import PART_OF, SITE_LABEL
from edge_operator.desired.root_secret import KEY, root_secret, root_secret_name
from edge_operator.identity.derive import ROOT_BYTES

from .root_secret_problems import RootUnusableError, invalid, not_ours, refused

MADE_ANEW = "edge-stack.io/made-anew"
"""Annotation of a root Secret that replaced a lost one: every credential of the site changed with it."""

CONFLICT = 409

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Root:
    """A site's root key.

    Attributes:
        key: the key.
        uid: identity of the Secret that it was read from.
        version: resourceVersion of that Secret.
        made_anew: whether it replaced a lost one.
        extra: keys that others have added to the Secret.
        intact: whether the Secret is as it should be, and holds a key.
    """

    key: bytes = field(repr=False)
    uid: str
    version: str
    made_anew: bool
    extra: tuple[str, ...]
    intact: bool


class RootKeys:
    """Root keys by site, in memory as long as the site is there.

    Args:
        objects: the API server.
        children: tells when a root Secret has changed.
        make_key: returns a new random key of `ROOT_BYTES` bytes.
        changed: called with the key of a site whose root key was not known before, or is another one now.
    """

    def __init__(
        self,
        objects: Objects,
        children: ChildCache,
        make_key: Callable[[], bytes],
        changed: Callable[[ResourceKey], None],
    ) -> None:
        self._objects = objects
        self._children = children
        self._make_key = make_key
        self._changed = changed
        self._known: dict[ResourceKey, Root] = {}

    def remove(self, site: ResourceKey) -> None:
        """Forget the key of a site that is gone; its Secret stays."""
        self._known.pop(site, None)

    async def learn(self, site: CachedSite) -> Root | None:
        """Return the site's root key, without writing; None where there is none yet.

        It is not `intact` where its Secret is gone, or is not as it should be.

        Raises:
            RootUnusableError: the Secret is somebody else's, or what it holds is no key.
        """
        known, found = self._known.get(site.key), await self._find(site)
        if known is None or (found is not None and found.intact and found.key == known.key):
            if found is not None:
                self._know(site.key, found)
            return found
        return replace(known, intact=False)

    async def _find(self, site: CachedSite) -> Root | None:
        """Return the root key as its Secret has it now."""
        namespace, name = site.key
        known = self._known.get(site.key)
        seen = self._children.get(ObjectKey(SECRET, namespace, root_secret_name(name)))
        if seen is not None and known is not None and seen.version == known.version:
            return known
        secret = await self._objects.get(SECRET, namespace, root_secret_name(name))
        return None if secret is None else self._read(site, secret)

    async def keep(self, site: CachedSite) -> Root:
        """Return the site's root key, with its Secret in place and as it was.

        Raises:
            RootUnusableError: the Secret is somebody else's, or what it holds is no key.
        """
        known = self._known.get(site.key)
        found = await self._find(site)
        if found is None:
            return await self._create(site, known)
        key = found.key if known is None else known.key
        if not found.intact or found.key != key:
            logger.warning("%s: the root Secret was edited; restoring it", site)
            return await self._put_back(site, key, found)
        return self._know(site.key, found)

    async def _create(self, site: CachedSite, known: Root | None) -> Root:
        lost = known is None and bool(site.status.get("observedGeneration"))
        manifest = self._manifest(site, known.key if known else self._make_key(), made_anew=lost)
        try:
            secret = await self._objects.create(SECRET, manifest)
        except ApiError as error:
            if error.code != CONFLICT:
                raise refused(manifest, error) from error
            return await self.keep(site)
        return self._remember(site, secret)

    async def _put_back(self, site: CachedSite, key: bytes, found: Root) -> Root:
        """Write the Secret as it should be over exactly the one that was found; keys that others added go."""
        manifest = self._manifest(site, key, made_anew=found.made_anew)
        metadata = {part: manifest["metadata"][part] for part in ("labels", "annotations")}
        data = dict.fromkeys(found.extra) | manifest["data"]
        patch = {"metadata": metadata | {"uid": found.uid, "ownerReferences": None}, "data": data}
        namespace, name = site.key
        try:
            secret = await self._objects.merge(SECRET, namespace, root_secret_name(name), patch, metadata_only=False)
        except ApiError as error:
            raise refused(manifest, error) from error
        return self._remember(site, secret)

    def _remember(self, site: CachedSite, secret: dict[str, Any]) -> Root:
        self._children.put(SECRET, secret)
        return self._know(site.key, self._read(site, secret))

    def _know(self, site: ResourceKey, root: Root) -> Root:
        before = self._known.get(site)
        self._known[site] = root
        if before is None or before.key != root.key:
            self._changed(site)
        return root

    def _manifest(self, site: CachedSite, key: bytes, *, made_anew: bool) -> dict[str, Any]:
        namespace, name = site.key
        manifest = root_secret(name, namespace, key)
        if made_anew:
            manifest["metadata"]["annotations"][MADE_ANEW] = "true"
        return manifest

    def _read(self, site: CachedSite, secret: Mapping[str, Any]) -> Root:
        metadata = secret["metadata"]
        known = self._known.get(site.key)
        ours = _is_ours(metadata, site.key[1])
        if not ours and (known is None or known.uid != metadata["uid"]):
            raise RootUnusableError(not_ours(site.key, metadata["name"]))
        data = secret.get("data") or {}
        key = _decode(data.get(KEY))
        usable = len(key) >= ROOT_BYTES
        if not usable and known is None:
            raise RootUnusableError(invalid(site.key, metadata["name"]))
        extra = tuple(sorted(set(data) - {KEY}))
        return Root(
            key=key,
            uid=metadata["uid"],
            version=metadata["resourceVersion"],
            made_anew=MADE_ANEW in (metadata.get("annotations") or {}),
            extra=extra,
            intact=ours
            and usable
            and not extra
            and _is_marked(metadata, root_secret(site.key[1], "", key)["metadata"]),
        )


def _is_marked(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether every label and annotation of ours is as it should be; others may be there as well."""
    return all(
        (metadata.get(part) or {}).get(name) == value
        for part in ("labels", "annotations")
        for name, value in wanted[part].items()
    )


def _is_ours(metadata: Mapping[str, Any], site_name: str) -> bool:
    labels = metadata.get("labels") or {}
    labelled = (labels.get(SITE_LABEL), labels.get(MANAGED_BY)) == (site_name, PART_OF)
    return labelled and controller(metadata) is None


def _decode(value: str | None) -> bytes:
    try:
        return base64.b64decode(value or "", validate=True)
    except ValueError:
        return b""
