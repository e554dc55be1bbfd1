"""200 sites on a real API server: time, writes, CPU and memory; at rest; drift repaired; restarted.

Run by `make bench`, or `python -m benchmarks.sites [--sites 200] [--rest 300] [--drifts 200]`.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubernetes import config

from benchmarks.table import Row, print_table
from e2e.cluster.audit import AuditCursor
from e2e.cluster.build import ensure_binary
from e2e.cluster.controlplane import ControlPlane, launch
from e2e.cluster.fixture import kubectl_for
from edge_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, PDB, SECRET, SERVICE, SERVICE_ACCOUNT
from tests.support.fleet import CountWrites, Fleet, Usage
from tests.support.install import install
from tests.support.processes import OPERATOR_USER, OperatorFactory, OperatorProcess, eventually, operators
from tests.support.rawapi import RawApi
from tests.support.sites import Sites, kind_path

NAMESPACE = "fleet"
UNBOUND = {"EDGE_WRITES_PER_SECOND": "10000", "EDGE_WRITE_BURST": "1000"}
MIB = 1 << 20


@contextmanager
def control_plane() -> Iterator[tuple[ControlPlane, RawApi, Path]]:
    """Yield a fresh control plane with our CRDs and RBAC on it."""
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as directory:
        plane = launch(Path(directory) / "plane", ensure_binary())
        try:
            kubectl = kubectl_for(plane)
            install(kubectl)
            kubectl("create", "namespace", NAMESPACE)
            api = config.new_client_from_config(str(plane.kubeconfig))  # type: ignore[no-untyped-call]
            yield plane, RawApi(api), Path(directory)
            api.rest_client.pool_manager.clear()
        finally:
            plane.stop()


def bring_up(
    make: OperatorFactory, plane: ControlPlane, fleet: Fleet, **settings: str
) -> tuple[OperatorProcess, list[Row]]:
    """Apply all sites at once; return the operator and what was measured."""
    operator = make(**settings).start().await_leading()
    cursor = AuditCursor.of(plane)
    before = Usage.of(operator.pid)
    begun = time.monotonic()
    fleet.apply()
    applied = time.monotonic() - begun
    fleet.await_reconciled(300)
    reconciled = time.monotonic() - begun
    fleet.await_quiet(CountWrites(operator.metric), 3, 120)
    usage = Usage.of(operator.pid)
    events = [event for event in cursor.writes(user=OPERATOR_USER) if event.resource != "leases"]
    children = int(operator.metric("edge_children"))
    rows = [
        Row("sites applied by the client", f"{applied:.1f} s", ""),
        Row("all reconciled", f"{reconciled:.1f} s", "<= 40 s within the budget"),
        Row("writes", f"{len(events)}", ""),
        Row("writes a site", f"{len(events) / fleet.size:.1f}", ""),
        Row("writes a child", f"{len(events) / children:.3f}", "<= 1.15"),
        Row("writes a second", f"{len(events) / reconciled:.0f}", "<= 200 within the budget"),
        Row("operator CPU", f"{usage.cpu - before.cpu:.1f} s", ""),
        Row("operator peak RSS", f"{usage.peak / MIB:.0f} MiB", "<= 150 MiB"),
    ]
    return operator, rows


def at_rest(operator: OperatorProcess, plane: ControlPlane, seconds: float) -> list[Row]:
    """Measure an operator that has nothing to do."""
    cursor = AuditCursor.of(plane)
    before = Usage.of(operator.pid)
    time.sleep(seconds)
    used = Usage.of(operator.pid).cpu - before.cpu
    writes = [event for event in cursor.writes(user=OPERATOR_USER) if event.resource != "leases"]
    return [
        Row(f"writes in {seconds:.0f} s at rest", f"{len(writes)}", "0"),
        Row("operator CPU at rest", f"{100 * used / seconds:.2f} % of a core", "<= 1 %"),
    ]


def restarted(make: OperatorFactory, operator: OperatorProcess, plane: ControlPlane, fleet: Fleet) -> list[Row]:
    """Restart the operator over the unchanged fleet and count its writes."""
    operator.stop()
    cursor = AuditCursor.of(plane)
    begun = time.monotonic()
    again = make().start().await_leading()
    eventually(
        "every site was looked at",
        lambda: (
            again.metric("edge_reconciles_total", result="ok") >= fleet.size and again.metric("edge_queue_depth") == 0
        ),
        120,
    )
    took = time.monotonic() - begun
    writes = [event for event in cursor.writes(user=OPERATOR_USER) if event.resource != "leases"]
    again.stop()
    return [
        Row("restart until every site was looked at", f"{took:.1f} s", ""),
        Row("writes after the restart", f"{len(writes)}", "0 (G2)"),
    ]


def drift(fleet: Fleet, times: int) -> list[Row]:
    """Delete or edit children at random; return how long each took to be put back."""
    chance = random.Random(20261124)
    took = sorted(_one_drift(fleet, chance) for _ in range(times))
    return [
        Row("drift repaired, p50", f"{1000 * statistics.median(took):.0f} ms", ""),
        Row("drift repaired, p99", f"{1000 * took[int(len(took) * 0.99) - 1]:.0f} ms", "<= 1000 ms"),
        Row("drift repaired, longest", f"{1000 * took[-1]:.0f} ms", "<= 2000 ms (G1)"),
    ]


EDITS = (
    (DEPLOYMENT, "gateway", {"spec": {"replicas": 9}}, lambda o: o["spec"]["replicas"] == 3),
    (SERVICE, "mqtt", {"spec": {"selector": {"a": "b"}}}, lambda o: "a" not in o["spec"]["selector"]),
    (CONFIG_MAP, "mqtt", {"data": {"acl": "x"}}, lambda o: o["data"]["acl"] != "x"),
    (SECRET, "api-token", {"data": {"token": "eA=="}}, lambda o: o["data"]["token"] != "eA=="),
    (PDB, "gateway", {"spec": {"maxUnavailable": 2}}, lambda o: o["spec"]["maxUnavailable"] == 1),
    (
        SERVICE_ACCOUNT,
        "storage",
        {"automountServiceAccountToken": True},
        lambda o: not o["automountServiceAccountToken"],
    ),
)


def _one_drift(fleet: Fleet, chance: random.Random) -> float:
    kind, suffix, edit, intact = chance.choice(EDITS)
    name = f"{chance.choice(fleet.names)}-{suffix}"
    path = kind_path(kind, NAMESPACE, name)
    api = fleet.sites.api
    if chance.random() < 0.5:
        uid = api("GET", path)["metadata"]["uid"]
        api("DELETE", path)
        begun = time.monotonic()
        eventually(
            f"{name} back",
            lambda: (found := fleet.sites.child(kind, name)) is not None and found["metadata"]["uid"] != uid,
            pause=0.01,
        )
    else:
        api.merge(path, edit, manager=f"editor-{chance.randrange(10**9)}")
        begun = time.monotonic()
        eventually(f"{name} put back", lambda: intact(api("GET", path)), pause=0.01)
    return time.monotonic() - begun


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--rest", type=float, default=300.0, help="seconds at rest")
    parser.add_argument("--drifts", type=int, default=200)
    options = parser.parse_args()
    with control_plane() as (plane, api, directory), operators(plane, directory, "", "bench") as make:
        fleet = Fleet(Sites(api, NAMESPACE), options.sites)
        operator, rows = bring_up(make, plane, fleet)
        print_table(f"{options.sites} sites, 200 writes/s", rows)
        print_table("at rest", at_rest(operator, plane, options.rest))
        print_table(f"{options.drifts} random drifts", drift(fleet, options.drifts))
        print_table("restart", restarted(make, operator, plane, fleet))
    with control_plane() as (plane, api, directory), operators(plane, directory, "", "bench") as make:
        _, rows = bring_up(make, plane, Fleet(Sites(api, NAMESPACE), options.sites), **UNBOUND)
        print_table(f"{options.sites} sites, budget lifted", rows)


if __name__ == "__main__":
    main()
