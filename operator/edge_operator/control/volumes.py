"""Claims of volumes that are there already: kept as they are where they cannot be what the spec says."""

from collections.abc import Mapping
from typing import Any

from edge_operator.api.quantity import parse_quantity

from .observed import Observed


def fit(manifest: Mapping[str, Any], seen: Observed | None) -> Mapping[str, Any]:
    """Return the claim of `manifest` as it can be applied over the claim that is there.

    A claim never shrinks and never changes its class: a site that is created anew over its retained volumes
    takes them as they are, larger ones included.
    """
    if seen is None:
        return manifest
    spec = dict(manifest["spec"])
    has = seen.body["spec"]
    size = ((has.get("resources") or {}).get("requests") or {}).get("storage")
    if size is not None and parse_quantity(size) > parse_quantity(spec["resources"]["requests"]["storage"]):
        spec["resources"] = {"requests": {"storage": size}}
    if "storageClassName" in has and ("storageClassName" in spec or seen.class_owned):
        # Where an earlier apply of ours set it, to leave it out now would ask for its removal, which is refused.
        spec["storageClassName"] = has["storageClassName"]
    return {**manifest, "spec": spec}
