"""The root Secrets of the sites: read, cached, restored after edits, and created only if there never was one."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.not_ours import root_not_ours
from edge_operator.control.cache.child_cache import ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import MANAGED_BY, controller, observe
from edge_operator.desired.encoding import secret_value
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.metadata import PART_OF, SITE_LABEL
from edge_operator.desired.root_secret import KEY, root_secret, root_secret_name
from edge_operator.identity.derive import ROOT_BYTES

from .root_secret_problems import RootUnusableError, invalid, refused

REGENERATED = "edge-stack.io/made-anew"
"""Annotation of a root Secret that replaced a lost one: every credential of the site has changed with it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RootKey:
    """A site's root key, as read from its Secret.

    Attributes:
        key: the key.
        uid: metadata.uid of the Secret.
        version: resourceVersion of the Secret.
        regenerated: whether the Secret replaced a lost one.
        extra: keys that others have added to the Secret.
        valid: whether the Secret has a usable key, our labels and annotations, and nothing else.
    """

    key: bytes = field(repr=False)
    uid: str
    version: str
    regenerated: bool
    extra: tuple[str, ...]
    valid: bool


class RootSecrets:
    """Root keys by site, cached as long as the site exists.

    Args:
        objects: client for single objects.
        children: cache that shows when a root Secret has changed.
        make_key: returns a new random key of `ROOT_BYTES` bytes.
        changed: called with the key of a site if its root key is new or has changed.
    """

    def __init__(
        self,
        objects: ObjectClient,
        children: ChildCache,
        make_key: Callable[[], bytes],
        changed: Callable[[ResourceKey], None],
    ) -> None:
        self._objects = objects
        self._children = children
        self._make_key = make_key
        self._changed = changed
        self._cached: dict[ResourceKey, RootKey] = {}

    def remove(self, site: ResourceKey) -> None:
        """Remove the cached key of a deleted site; its Secret remains."""
        self._cached.pop(site, None)

    async def read(self, site: CachedSite) -> RootKey | None:
        """Return the site's root key without writing; None if there is none yet.

        The result is not `valid` if the Secret was deleted or edited.

        Raises:
            RootUnusableError: the Secret belongs to somebody else, or has no usable key.
        """
        cached, found = self._cached.get(site.key), await self._find(site)
        if cached is None or (found is not None and found.valid and found.key == cached.key):
            if found is not None:
                self._cache(site.key, found)
            return found
        return replace(cached, valid=False)

    async def _find(self, site: CachedSite) -> RootKey | None:
        """Return the root key that the Secret contains now."""
        namespace, name = site.key
        cached = self._cached.get(site.key)
        seen = self._children.get(ObjectKey(SECRET, namespace, root_secret_name(name)))
        if seen is not None and cached is not None and seen.version == cached.version:
            return cached
        secret = await self._objects.get(SECRET, namespace, root_secret_name(name))
        return None if secret is None else self._parse(site, secret)

    async def ensure(self, site: CachedSite) -> RootKey:
        """Return the site's root key; create or restore its Secret if necessary.

        Raises:
            RootUnusableError: the Secret belongs to somebody else, or has no usable key.
        """
        cached = self._cached.get(site.key)
        found = await self._find(site)
        if found is None:
            return await self._create(site, cached)
        key = found.key if cached is None else cached.key
        if not found.valid or found.key != key:
            logger.warning("%s: the root Secret was edited; restoring it", site)
            return await self._restore(site, key, found)
        return self._cache(site.key, found)

    async def _create(self, site: CachedSite, cached: RootKey | None) -> RootKey:
        lost = cached is None and bool(site.status.get("observedGeneration"))
        manifest = self._manifest(site, cached.key if cached else self._make_key(), regenerated=lost)
        try:
            secret = await self._objects.create(SECRET, manifest)
        except ApiError as error:
            if not error.conflict:
                raise refused(manifest, error) from error
            return await self.ensure(site)
        return self._cache_written(site, secret)

    async def _restore(self, site: CachedSite, key: bytes, found: RootKey) -> RootKey:
        """Restore the Secret over exactly the one that was found, without keys of others; return the root key."""
        manifest = self._manifest(site, key, regenerated=found.regenerated)
        metadata = {part: manifest["metadata"][part] for part in ("labels", "annotations")}
        data = dict.fromkeys(found.extra) | manifest["data"]
        patch = {"metadata": metadata | {"uid": found.uid, "ownerReferences": None}, "data": data}
        namespace, name = site.key
        try:
            secret = await self._objects.merge(SECRET, namespace, root_secret_name(name), patch, metadata_only=False)
        except ApiError as error:
            raise refused(manifest, error) from error
        return self._cache_written(site, secret)

    def _cache_written(self, site: CachedSite, secret: dict[str, Any]) -> RootKey:
        self._children.put(SECRET, secret)
        return self._cache(site.key, self._parse(site, secret))

    def _cache(self, site: ResourceKey, root: RootKey) -> RootKey:
        before = self._cached.get(site)
        self._cached[site] = root
        if before is None or before.key != root.key:
            self._changed(site)
        return root

    def _manifest(self, site: CachedSite, key: bytes, *, regenerated: bool) -> dict[str, Any]:
        namespace, name = site.key
        manifest = root_secret(name, namespace, key)
        if regenerated:
            manifest["metadata"]["annotations"][REGENERATED] = "true"
        return manifest

    def _parse(self, site: CachedSite, secret: Mapping[str, Any]) -> RootKey:
        metadata = secret["metadata"]
        cached = self._cached.get(site.key)
        ours = _is_ours(metadata, site.key[1])
        if not ours and (cached is None or cached.uid != metadata["uid"]):
            raise RootUnusableError(root_not_ours(observe(SECRET, secret), site.key[1]))
        data = secret.get("data") or {}
        key = _key(secret)
        usable = len(key) >= ROOT_BYTES
        if not usable and cached is None:
            raise RootUnusableError(invalid(site.key, metadata["name"]))
        extra = tuple(sorted(set(data) - {KEY}))
        return RootKey(
            key=key,
            uid=metadata["uid"],
            version=metadata["resourceVersion"],
            regenerated=REGENERATED in (metadata.get("annotations") or {}),
            extra=extra,
            valid=ours and usable and not extra and _is_marked(metadata, root_secret(site.key[1], "", key)["metadata"]),
        )


def _is_marked(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether all our labels and annotations have the desired values; others are allowed."""
    return all(
        (metadata.get(part) or {}).get(name) == value
        for part in ("labels", "annotations")
        for name, value in wanted[part].items()
    )


def _is_ours(metadata: Mapping[str, Any], site_name: str) -> bool:
    labels = metadata.get("labels") or {}
    labelled = (labels.get(SITE_LABEL), labels.get(MANAGED_BY)) == (site_name, PART_OF)
    return labelled and controller(metadata) is None


def _key(secret: Mapping[str, Any]) -> bytes:
    try:
        return secret_value(secret, KEY) or b""
    except ValueError:
        return b""
