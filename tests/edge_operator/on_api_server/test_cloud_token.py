"""The token of the cloud's commands on a real API server: created, restored, deleted with the permission."""

import base64
from typing import Any

import pytest

from edge_operator.desired.kinds import DEPLOYMENT, SECRET
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites, kind_path

CLOUD = {"endpoint": "https://cloud.example.com/edge"}
ENABLED = {"cloud": CLOUD | {"commands": "Enabled"}}


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator().start().await_leading()


def token(sites: Sites, site: str) -> str:
    """Return the token in the Secret; empty if there is none."""
    found = sites.child(SECRET, f"{site}-cloud-token")
    return base64.b64decode(found["data"]["token"]).decode() if found else ""


def environment(sites: Sites, site: str, component: str) -> dict[str, str]:
    found: Any = sites.child(DEPLOYMENT, f"{site}-{component}")
    (container,) = (each for each in found["spec"]["template"]["spec"]["containers"] if each["name"] == component)
    return {each["name"]: each.get("value", "") for each in container["env"]}


def test_the_token_comes_with_the_permission_and_goes_with_it(sites: Sites, operator: OperatorProcess) -> None:
    sites.apply("hall", {"cloud": CLOUD})
    sites.await_reconciled("hall")
    assert token(sites, "hall") == ""
    sites.apply("hall", ENABLED)
    first = eventually("the token", lambda: token(sites, "hall"))
    sites.settle("hall")
    assert environment(sites, "hall", "gateway")["CLOUD_TOKEN_FILE"] == "/etc/edge/cloud-token/token"
    assert environment(sites, "hall", "processor")["CLOUD_COMMANDS"] == "true"
    sites.api("DELETE", kind_path(SECRET, sites.namespace, "hall-cloud-token"))
    assert eventually("the same token again", lambda: token(sites, "hall")) == first
    sites.apply("hall", {"cloud": CLOUD | {"commands": "Disabled"}})
    eventually("no token", lambda: token(sites, "hall") == "")
    sites.settle("hall")
    assert "CLOUD_TOKEN_FILE" not in environment(sites, "hall", "gateway")
    assert "CLOUD_COMMANDS" not in environment(sites, "hall", "processor")


def test_commands_are_off_unless_they_are_switched_on(sites: Sites, operator: OperatorProcess) -> None:
    sites.apply("plain", {"cloud": CLOUD})
    assert sites.get("plain")["spec"]["cloud"]["commands"] == "Disabled"
