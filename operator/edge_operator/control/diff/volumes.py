"""Volume claims that exist: what Kubernetes does not allow to change keeps its present value."""

from collections.abc import Mapping
from typing import Any

from edge_operator.api.quantity import parse_quantity

from .observed import Observed


def fit(manifest: Mapping[str, Any], seen: Observed | None) -> Mapping[str, Any]:
    """Return the claim of `manifest` adjusted so that it can be applied over the existing claim.

    The size of a claim cannot decrease and its storage class cannot change. A site that is created again over retained
    volumes therefore keeps their size and class.
    """
    if seen is None:
        return manifest
    spec = dict(manifest["spec"])
    has = seen.body["spec"]
    size = ((has.get("resources") or {}).get("requests") or {}).get("storage")
    if size is not None and parse_quantity(size) > parse_quantity(spec["resources"]["requests"]["storage"]):
        spec["resources"] = {"requests": {"storage": size}}
    if "storageClassName" in has and ("storageClassName" in spec or seen.class_owned):
        # If an earlier apply of ours set the class, an apply without it would remove it, which the API server rejects.
        spec["storageClassName"] = has["storageClassName"]
    return {**manifest, "spec": spec}
