"""Manifests of the Lease, as client-go's leaderelection package writes them (coordination.k8s.io/v1). Pure."""

from collections.abc import Mapping
from typing import Any

from .lease import LEASE_SECONDS

RELEASED_SECONDS = 1
"""Duration of a released Lease, in seconds; the API does not accept 0."""


def new_lease(namespace: str, name: str, holder: str, now: str) -> dict[str, Any]:
    """Return a Lease for its first holder.

    Args:
        namespace: namespace of the Lease.
        name: name of the Lease.
        holder: identity of the holder.
        now: current time, RFC 3339 with microseconds.
    """
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": int(LEASE_SECONDS),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": 0,
        },
    }


def held_by(lease: Mapping[str, Any], holder: str, now: str) -> dict[str, Any]:
    """Return the Lease as acquired or renewed by `holder`; as released if it is empty.

    Args:
        lease: the Lease as last read, with its resourceVersion.
        holder: identity of the holder, or empty.
        now: current time, RFC 3339 with microseconds.
    """
    spec = dict(lease.get("spec") or {})
    if holder and spec.get("holderIdentity") != holder:
        spec["acquireTime"] = now
        spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
    spec |= {"holderIdentity": holder, "renewTime": now}
    spec["leaseDurationSeconds"] = int(LEASE_SECONDS) if holder else RELEASED_SECONDS
    return {**lease, "spec": spec}
