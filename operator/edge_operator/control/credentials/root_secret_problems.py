"""Problems of a site's root Secret, with what to do about them."""

from collections.abc import Mapping
from typing import Any

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.refusals import refusal_problem
from edge_operator.control.apply.report import ProblemError
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.desired.root_secret import KEY
from edge_operator.identity.derive import ROOT_BYTES
from edge_operator.status import reasons
from edge_operator.status.facts import Problem


class RootUnusableError(ProblemError):
    """The root Secret cannot be used."""


def refused(manifest: Mapping[str, Any], error: ApiError) -> Exception:
    """Return the exception for a write that failed: the error itself if it may be temporary."""
    if error.namespace_terminating or not error.refused:
        return error
    metadata = manifest["metadata"]
    return RootUnusableError(refusal_problem(f"Secret {metadata['namespace']}/{metadata['name']}", error))


def invalid(site: ResourceKey, name: str) -> Problem:
    """Return the problem of a Secret without a usable key."""
    return Problem(
        reasons.ROOT_SECRET_INVALID,
        f"Secret {site[0]}/{name} has no usable `{KEY}` ({ROOT_BYTES} bytes or more): restore it from a backup, or"
        " delete it: the operator then creates a new one, and every credential of the site changes",
    )
