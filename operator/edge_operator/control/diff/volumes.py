"""Volume claims that exist: what Kubernetes does not allow to change keeps its present value."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from edge_operator.api.conditions import find_condition
from edge_operator.api.quantity import parse_quantity

from .observed import Observed

RESIZE_FAILED = ("ControllerResizeError", "NodeResizeError")
"""Conditions of a claim that a volume cannot be made larger."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The sizes of a volume claim that exists.

    Attributes:
        requested: size in its spec, such as `10Gi`; empty if there is none.
        capacity: size of its volume; empty until it is bound.
        storage_class: name of its StorageClass; empty if it has none.
        phase: Pending, Bound or Lost; empty if it is not known yet.
        resize_error: why its volume could not be made larger; empty if it could.
    """

    requested: str
    capacity: str
    storage_class: str
    phase: str
    resize_error: str

    @classmethod
    def of(cls, seen: Observed) -> "Claim":
        """Return the sizes of an observed claim."""
        spec, status = seen.body.get("spec") or {}, seen.body.get("status") or {}
        failed = (find_condition(status, each) for each in RESIZE_FAILED)
        return cls(
            requested=str(((spec.get("resources") or {}).get("requests") or {}).get("storage") or ""),
            capacity=str((status.get("capacity") or {}).get("storage") or ""),
            storage_class=str(spec.get("storageClassName") or ""),
            phase=str(status.get("phase") or ""),
            resize_error=next((str(each.get("message")) for each in failed if each.get("status") == "True"), ""),
        )

    @property
    def capacity_bytes(self) -> int | None:
        """Size of its volume in bytes; None until it is bound."""
        return int(parse_quantity(self.capacity)) if self.capacity else None

    def applicable(self, size: str) -> str:
        """Return the size to apply if the spec wants `size`: the present one if Kubernetes would reject the change.

        A claim that is not bound cannot be changed, and a request cannot be lower than the volume. A larger request
        that was not granted can be taken back as far as that.
        """
        if not self.requested:
            return size
        if not self.capacity:
            return self.requested
        wanted = parse_quantity(size)
        is_allowed = wanted >= parse_quantity(self.requested) or wanted > parse_quantity(self.capacity)
        return size if is_allowed else self.requested

    def is_larger_than(self, size: str) -> bool:
        """Return whether a volume of more than `size` was requested and granted."""
        return bool(self.requested and self.capacity) and self._granted > parse_quantity(size)

    def is_smaller_than(self, size: str) -> bool:
        """Return whether the volume is smaller than `size`."""
        return bool(self.capacity) and parse_quantity(self.capacity) < parse_quantity(size)

    @property
    def _granted(self) -> Decimal:
        """The size that was requested, as far as it was granted: a class may round up, and a volume may be larger."""
        return min(parse_quantity(self.requested), parse_quantity(self.capacity))


def requested_size(manifest: Mapping[str, Any]) -> str:
    """Return the size in the manifest of a claim."""
    return str(manifest["spec"]["resources"]["requests"]["storage"])


def fit(manifest: Mapping[str, Any], seen: Observed | None) -> Mapping[str, Any]:
    """Return the claim of `manifest` adjusted so that it can be applied over the existing claim.

    A volume cannot shrink and its storage class cannot change. A site that is created again over retained volumes
    therefore keeps their size and class.
    """
    if seen is None:
        return manifest
    spec, has = dict(manifest["spec"]), seen.body["spec"]
    spec["resources"] = {"requests": {"storage": Claim.of(seen).applicable(requested_size(manifest))}}
    if "storageClassName" in has and ("storageClassName" in spec or seen.class_owned):
        # If an earlier apply of ours set the class, an apply without it would remove it, which the API server rejects.
        spec["storageClassName"] = has["storageClassName"]
    return {**manifest, "spec": spec}
