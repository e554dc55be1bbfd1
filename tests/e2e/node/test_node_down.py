"""`python -m e2e.cluster up` and `down` with a node: nothing is left, whatever was killed when.

Each case has a node of its own and mostly waits for it, so the cases run side by side; each test gives one's result.
"""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from e2e.cluster.controlplane import ALL
from e2e.cluster.node import kernel
from e2e.cluster.node.layout import Layout
from e2e.cluster.node.link import Link
from e2e.cluster.node.name import node_name
from e2e.cluster.processes import Process, end, marked
from tests.e2e.node.left_on_machine import left_on_machine, namespaces_of
from tests.e2e.node.up_and_down import UpAndDown

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("node_programs")]

AT_ONCE = 4
Case = Callable[[UpAndDown], None]


def up_again_is_fine_and_a_killed_node_comes_back_with_its_data(site: UpAndDown) -> None:
    assert "CLUSTER=node: asked for; a real node" in site.up()
    site.run_a_pod()
    assert "was up already" in site.up()
    end([site.init()], grace=0)
    assert site.run("status").returncode == 1
    assert "starting it again with its data" in site.up()
    assert site.run("status").returncode == 0
    site.await_pod()
    refused = site.run("up", CLUSTER="controlplane")
    assert (refused.returncode, refused.stderr) == (1, "error: CLUSTER=node is up here: `make down` first\n")
    assert "it was brought up here before" in site.run("up", CLUSTER="").stdout


def nothing_is_left_after_kill_9_of_everything_and_down(site: UpAndDown) -> None:
    site.up()
    site.run_a_pod()
    namespaces = namespaces_of(site.init().pid)
    assert len(namespaces) == 5
    there = left_on_machine(site.cluster, namespaces)
    assert {"interfaces", "routes", "cgroups", "processes", "namespaces"} <= set(there)
    for process in marked(site.cluster):
        process.signal(signal.SIGKILL)
    assert "nothing is left running" in site.down()
    assert left_on_machine(site.cluster, namespaces) == {}
    assert not site.cluster.exists()
    assert not (site.edge / "kubeconfig").exists()
    assert "nothing is left running" in site.down()


def down_finds_all_of_it_when_its_records_were_deleted(site: UpAndDown) -> None:
    site.up()
    namespaces = namespaces_of(site.init().pid)
    for record in (site.cluster / "run").iterdir():
        record.unlink()
    site.down()
    assert left_on_machine(site.cluster, namespaces) == {}


def up_killed_half_way_leaves_nothing_after_down(site: UpAndDown, *, milestone: str) -> None:
    with site.going_up(milestone) as up:
        up.kill()
    site.down()
    assert left_on_machine(site.cluster) == {}


def interrupted_up_ends_what_it_started(site: UpAndDown) -> None:
    with site.going_up("etcd started") as up:
        up.send_signal(signal.SIGINT)
    assert up.returncode == 130
    assert left_on_machine(site.cluster) == {}


def two_checkouts_have_nodes_side_by_side(site: UpAndDown) -> None:
    # The other's checkout is below /var, as CI systems have it: the node has a /var of its own in front of it.
    with TemporaryDirectory(dir="/var/tmp") as directory:
        other = UpAndDown(Path(directory) / ".edge")
        try:
            site.up()
            other.up()
            links = [Link(node_name(one.cluster), Layout(one.cluster).network) for one in (site, other)]
            blocks = [link.read() for link in links]
            assert None not in blocks
            assert blocks[0] != blocks[1]
            assert site.kubectl("get", "nodes", "-o", "name") != other.kubectl("get", "nodes", "-o", "name")
        finally:
            other.down()
        assert left_on_machine(other.cluster) == {}
    assert site.kubectl("get", "--raw", "/readyz") == "ok"


MILESTONES = ("has its namespaces", "etcd started", "kube-apiserver ready", "controller-manager", "node is Ready")
FUNCTIONS: tuple[Case, ...] = (
    # The longest first.
    up_again_is_fine_and_a_killed_node_comes_back_with_its_data,
    two_checkouts_have_nodes_side_by_side,
    nothing_is_left_after_kill_9_of_everything_and_down,
    down_finds_all_of_it_when_its_records_were_deleted,
    interrupted_up_ends_what_it_started,
)
CASES: dict[str, Case] = {function.__name__.replace("_", " "): function for function in FUNCTIONS} | {
    f"up killed after {milestone!r} leaves nothing after down": partial(
        up_killed_half_way_leaves_nothing_after_down, milestone=milestone
    )
    for milestone in MILESTONES
}


def _play(case: Case, site: UpAndDown) -> None:
    try:
        case(site)
    finally:
        site.end()


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["dict[str, Future[None]]"]:
    """Every case of this run, begun."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    chosen = {
        item.callspec.params.get("case")
        for item in items
        if item.module is request.module and hasattr(item, "callspec")
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            name: pool.submit(_play, CASES[name], UpAndDown(tmp_path_factory.mktemp("node") / ".edge"))
            for name in CASES
            if name in chosen
        }


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_left(case: str, results: "dict[str, Future[None]]") -> None:
    results[case].result()


def test_record_with_a_reused_pid_ends_nobody(tmp_path: Path) -> None:
    site = UpAndDown(tmp_path / ".edge")
    run = site.cluster / "run"
    run.mkdir(parents=True)
    me = Process.current()
    for name in (*ALL, kernel.NODE):
        (run / f"{name}.pid").write_text(f"{me.pid} {int(me.started) - 1} {me.boot}\n")
    assert "control plane ended (0 daemons, 0 unrecorded)" in site.down()
