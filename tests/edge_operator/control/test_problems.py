"""The problems of sites and devices word for word: which object, and what to do."""

import datetime as dt
from collections.abc import Callable

import pytest

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply import report
from edge_operator.control.apply.field_conflicts import FieldConflict
from edge_operator.control.apply.refusals import refusal_problem
from edge_operator.control.apply.report import ProblemError
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials import ca_bundle_problems, root_secret_problems
from edge_operator.control.device import problems as device_problems
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import UNKNOWN
from edge_operator.desired.kinds import SECRET
from edge_operator.status.facts import Problem
from tests.edge_operator.control.samples import device, site


def plant(**ready: str) -> CachedSite:
    """Return a site with a condition Ready, or without any."""
    conditions = [{"type": "Ready", "reason": "R", **ready}] if ready else []
    return CachedSite({**site().body, "status": {"conditions": conditions}})


SITE, SECRET_KEY = ("factory", "plant"), ("factory", "mine")
PUMP = device(deviceId="pump-7")
ELDER = device("old-pump", deviceId="pump-7", created="2026-11-24T00:00:00Z")
TWIN = device("a-pump", deviceId="pump-7")
KEY = ObjectKey(SECRET, "factory", "pump-device-credentials")
REPLICAS, USERNAME = ("f:spec", "f:replicas"), ("f:data", "f:username")
UNTIL = dt.datetime(2026, 11, 30, 12, 5, tzinfo=dt.UTC)

TABLE: dict[str, tuple[Callable[[], Problem], str, bool]] = {
    "no site": (
        lambda: device_problems.site_not_found(PUMP),
        "SiteNotFound: EdgeSite factory/plant does not exist: create it, or delete this device",
        True,
    ),
    "site not up": (
        lambda: device_problems.site_not_reconciled(plant()),
        "SiteNotReconciled: EdgeSite factory/plant is not ready yet: see its condition Ready",
        False,
    ),
    "site with problems": (
        lambda: device_problems.site_not_reconciled(plant(status="False", message="Secret a/b is refused\nmore")),
        "SiteNotReconciled: EdgeSite factory/plant is not ready yet: Secret a/b is refused",
        False,
    ),
    "site that is up in a moment": (
        lambda: device_problems.site_not_reconciled(plant(status="True", message="all components are rolled out")),
        "SiteNotReconciled: EdgeSite factory/plant is not ready yet: see its condition Ready",
        False,
    ),
    "site paused": (
        lambda: device_problems.site_paused(PUMP),
        "SitePaused: the login of this device is not changed while spec.paused of the EdgeSite factory/plant is true",
        False,
    ),
    "identifier taken": (
        lambda: device_problems.duplicate(PUMP, ELDER),
        (
            "DuplicateDeviceId: the EdgeDevice factory/old-pump, which is older, has the deviceId pump-7 in the"
            " site plant: delete one of the two, or create this device again with another deviceId"
        ),
        True,
    ),
    "identifier taken in the same second": (
        lambda: device_problems.duplicate(PUMP, TWIN),
        (
            "DuplicateDeviceId: the EdgeDevice factory/a-pump, which was created in the same second and is the first"
            " by name, has the deviceId pump-7 in the site plant: delete one of the two, or create this device again"
            " with another deviceId"
        ),
        True,
    ),
    "no Secret of the user": (
        lambda: device_problems.user_password_missing(PUMP, SECRET_KEY),
        (
            "ExistingSecretNotFound: Secret factory/mine with the label edge-stack.io/device-credentials=true does not"
            " exist: create it, label it, or remove credentials.existingSecretRef of the EdgeDevice factory/pump"
        ),
        True,
    ),
    "unusable Secret of the user": (
        lambda: device_problems.user_password_unusable(SECRET_KEY),
        "ExistingSecretInvalid: Secret factory/mine needs the key `password` with 20 to 1024 printable characters",
        True,
    ),
    "contested": (
        lambda: report.field_contested(FieldConflict(KEY, USERNAME, "gitops", UNTIL)),
        (
            "FieldContested: Secret factory/pump-device-credentials: .data.username is repeatedly changed by the"
            " manager 'gitops'; the operator does not reapply it until 2026-11-30T12:05:00Z: stop that manager from"
            " changing it, or set the value in the spec of the site"
        ),
        True,
    ),
    "replicas contested": (
        lambda: report.field_contested(FieldConflict(KEY, REPLICAS, "kubectl", UNTIL)),
        (
            "FieldContested: Secret factory/pump-device-credentials: .spec.replicas is repeatedly changed by the"
            " manager 'kubectl'; the operator does not reapply it until 2026-11-30T12:05:00Z: do not use kubectl scale"
            " or an autoscaler on it; set the number of replicas in the spec of the site"
        ),
        True,
    ),
    "contested by a manager that removes the field": (
        lambda: report.field_contested(FieldConflict(KEY, USERNAME, UNKNOWN, UNTIL)),
        (
            "FieldContested: Secret factory/pump-device-credentials: .data.username is repeatedly changed by an unknown"
            " manager; the operator does not reapply it until 2026-11-30T12:05:00Z: stop that manager from changing it,"
            " or set the value in the spec of the site"
        ),
        True,
    ),
    "root Secret without a key": (
        lambda: root_secret_problems.invalid(SITE, "plant-root"),
        (
            "RootSecretInvalid: Secret factory/plant-root has no usable `key` (32 bytes or more): restore it"
            " from a backup, or delete it: the operator then creates a new one, and every credential of the site"
            " changes"
        ),
        True,
    ),
    "no certificate": (
        lambda: ca_bundle_problems.not_found(SITE, SECRET_KEY),
        (
            "CertificateNotFound: Secret factory/mine, which broker.managed.tls of the EdgeSite factory/plant names,"
            " does not exist: create it, or let cert-manager create it"
        ),
        False,
    ),
    "spoilt certificate": (
        lambda: ca_bundle_problems.invalid(SITE, SECRET_KEY, 1024 * 1024),
        (
            "CertificateInvalid: ca.crt of the Secret factory/mine, which broker.managed.tls of the EdgeSite"
            " factory/plant names, is not certificates in PEM of 1024 KiB at most: correct it, or remove the key"
        ),
        True,
    ),
    "refused": (
        lambda: refusal_problem("Secret a/b", ApiError(422, "Invalid", "spec.x: Invalid value")),
        "Invalid: Secret a/b is refused: spec.x: Invalid value",
        True,
    ),
    "refused by access rules of another kind": (
        lambda: refusal_problem("Secret a/b", ApiError(422, "Invalid", 'User "x" cannot patch')),
        'Invalid: Secret a/b is refused: User "x" cannot patch',
        True,
    ),
    "refused without words": (
        lambda: refusal_problem("Secret a/b", ApiError(400, "BadRequest", "")),
        "Refused: Secret a/b is refused: 400 BadRequest",
        True,
    ),
    "forbidden something, not somebody": (
        lambda: refusal_problem("Secret a/b", ApiError(403, "Forbidden", "it cannot be")),
        "Refused: Secret a/b is refused: it cannot be",
        True,
    ),
}


@pytest.mark.parametrize(("make", "text", "lasting"), TABLE.values(), ids=TABLE)
def test_problem(make: Callable[[], Problem], text: str, *, lasting: bool) -> None:
    problem = make()
    assert f"{problem.reason}: {problem.message}" == text
    assert problem.lasting is lasting


MANIFEST = {"metadata": {"namespace": "factory", "name": "plant-root"}}
ENDING = ApiError(403, "Forbidden", "no", ("NamespaceTerminating",))


@pytest.mark.parametrize("error", [ENDING, ApiError(500, "", "later"), ApiError(409, "Conflict", "there is one")])
def test_root_secret_that_may_be_written_later_is_no_problem_of_the_site(error: ApiError) -> None:
    assert root_secret_problems.refused(MANIFEST, error) is error


def test_root_secret_that_is_refused_is_a_problem_of_the_site() -> None:
    raised = root_secret_problems.refused(MANIFEST, ApiError(422, "Invalid", "too long"))
    assert isinstance(raised, ProblemError)
    assert raised.problem == Problem("Invalid", "Secret factory/plant-root is refused: too long")
    assert str(raised) == raised.problem.message
