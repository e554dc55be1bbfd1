"""The application serves no route without an access rule."""

import pytest
from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from edge_gateway.app import build_app
from edge_gateway.metrics import Metrics


async def summary() -> dict[str, str]:
    return {}


def test_g8_route_without_an_access_rule_is_not_served() -> None:
    router = APIRouter()
    router.add_api_route("/summary", summary)
    with pytest.raises(TypeError, match=r"the route /summary has no access rule: add dependencies=auth\.programs"):
        build_app([router], APIRouter(), Metrics(CollectorRegistry()))
