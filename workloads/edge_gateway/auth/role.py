"""What the holders of API tokens may do, by the method of a request."""

import logging
from http import HTTPStatus

from fastapi import Request

from edge_logs import AUDIT, OBJECT
from edge_service.problem import refuse
from edge_wire.messages import ApiRole, ApiTokenEntry

_NEEDED = {"GET": ApiRole.READ, "HEAD": ApiRole.READ, "DELETE": ApiRole.ADMIN}
"""All other methods need Operate."""

logger = logging.getLogger(__name__)


def check_role(request: Request, entry: ApiTokenEntry, *, audited: bool) -> None:
    """Check that a token has the role that a request needs, and log a request that changes something.

    Args:
        request: the request.
        entry: its token.
        audited: whether it is logged; readings are not, because there may be many.

    Raises:
        ProblemError: it does not (403).
    """
    needed = _NEEDED.get(request.method, ApiRole.OPERATE)
    is_allowed = entry.role.includes(needed)
    if audited and needed is not ApiRole.READ:
        path = request.url.path
        members = {"token": entry.name, "role": entry.role, "method": request.method, "path": path}
        logger.log(
            logging.INFO if is_allowed else logging.WARNING,
            "%s %s with the token %s: %s",
            request.method,
            path,
            entry.name,
            "allowed" if is_allowed else "rejected",
            extra={OBJECT: f"token {entry.name}", AUDIT: members | {"allowed": is_allowed}},
        )
    if not is_allowed:
        detail = (
            f"the token {entry.name} has the role {entry.role}: this needs a token with the role {needed}"
            " (spec.gateway.apiTokens of the EdgeSite)"
        )
        raise refuse(HTTPStatus.FORBIDDEN, "RoleNotAllowed", detail)
