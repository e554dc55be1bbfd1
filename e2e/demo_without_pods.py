"""The part of the story that a control plane alone can play: the operator's objects, and drift repaired."""

import json
import time

from e2e.cluster import wait
from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.lifecycle import Edge
from e2e.cluster.steps import Steps
from e2e.operator_daemon import OperatorDaemon
from edge_operator.desired.kinds import CHILD_KINDS

EXAMPLE = ROOT / "examples" / "two-sites.yaml"
SITES = ("north", "south")
RECONCILE_SECONDS = 60.0
CHILDREN = ",".join(kind.plural for kind in CHILD_KINDS)


def play(edge: Edge, steps: Steps) -> None:
    """Play it.

    Raises:
        HarnessError: something does not come up.
    """
    operator = OperatorDaemon(edge.directory)
    operator.install()
    steps.say("CRDs and RBAC applied")
    operator.start()
    steps.say(f"the operator leads, as its own service account; log: {operator.log}")
    operator.kubectl("apply", "-f", str(EXAMPLE))
    steps.say(f"applied {EXAMPLE.relative_to(ROOT)}")
    _await_reconciled(operator, steps)
    _tell(operator, steps)


def _await_reconciled(operator: OperatorDaemon, steps: Steps) -> None:
    """Print each change of the sites' phases until the operator has acted on all of them."""
    told: dict[str, str] = {}
    end = time.monotonic() + RECONCILE_SECONDS
    while time.monotonic() < end:
        phases = _phases(operator)
        for name, phase in phases.items():
            if told.get(name) != phase:
                steps.say(f"EdgeSite {name}: {phase}")
        told = phases
        if len(phases) >= len(SITES) and "waits" not in phases.values():
            return
        time.sleep(0.2)
    raise HarnessError(f"the sites were not reconciled within {RECONCILE_SECONDS:.0f} s: see {operator.log}")


def _phases(operator: OperatorDaemon) -> dict[str, str]:
    listed = json.loads(operator.kubectl("get", "edgesites", *SITES, "-o", "json"))["items"]
    return {site["metadata"]["name"]: (site.get("status") or {}).get("phase", "waits") for site in listed}


def _tell(operator: OperatorDaemon, steps: Steps) -> None:
    _show(operator, "get", "edgesites,edgedevices")
    _show(operator, "get", CHILDREN, "-l", f"edge-stack.io/site={SITES[0]}")
    _show(operator, "get", "pods")
    operator.kubectl("delete", "deployment", f"{SITES[0]}-gateway")
    steps.say(f"deleted the Deployment {SITES[0]}-gateway to see it come back")
    begun = time.monotonic()
    wait.until(lambda: f"{SITES[0]}-gateway" in operator.kubectl("get", "deployments", "-o", "name"), seconds=10)
    steps.say(f"it is back, seen after {time.monotonic() - begun:.1f} s")
    _show(operator, "get", "deployments")
    print(
        "\nThis cluster has no node, so pods stay Pending and no site gets Ready: `make demo` as root on Linux,"
        "\nor with a Docker engine and kind, shows the whole story."
    )


def _show(operator: OperatorDaemon, *arguments: str) -> None:
    print(f"\n$ kubectl {' '.join(arguments)}\n{operator.kubectl(*arguments)}", end="", flush=True)
