"""Waits until the API server serves the custom resources."""

import asyncio
import logging
from collections.abc import Sequence

from edge_operator.api.conditions import find_condition

from .client import ApiClient
from .errors import ApiError, UnreachableError

RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


async def await_established(client: ApiClient, names: Sequence[str]) -> None:
    """Return once every CRD of `names` is Established: with GitOps they may be applied after the operator."""
    logged: list[str] = []
    while missing := [name for name in names if not await _is_established(client, name)]:
        if missing != logged:
            logger.info("waiting for the CRDs %s to be Established: apply crds/", ", ".join(missing))
            logged = missing
        await asyncio.sleep(RETRY_SECONDS)


async def _is_established(client: ApiClient, name: str) -> bool:
    try:
        crd = await client.read(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")
    except (ApiError, UnreachableError) as error:
        logger.debug("CRD %s: %s", name, error)
        return False
    return find_condition(crd.get("status") or {}, "Established").get("status") == "True"
