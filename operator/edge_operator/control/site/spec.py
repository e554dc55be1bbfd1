"""The spec of a site as a type."""

from pydantic import ValidationError

from edge_operator.api.edgesite import EdgeSite, EdgeSiteSpec
from edge_operator.control.apply.report import ProblemError
from edge_operator.control.cache.resource import CachedSite
from edge_operator.status import reasons
from edge_operator.status.facts import Problem


class SpecUnusableError(ProblemError):
    """This release cannot use the stored spec."""


def parse_spec(site: CachedSite) -> EdgeSiteSpec:
    """Return the site's spec as a type.

    Raises:
        SpecUnusableError: the spec was stored under other rules than this release's.
    """
    try:
        # Without the status, which another release may have written with values unknown to this one.
        return EdgeSite.model_validate({"spec": site.body.get("spec") or {}}).spec
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SpecUnusableError(
            Problem(reasons.SPEC_INVALID, f"{where}: {first['msg']}: correct the spec of the {site}")
        ) from error
