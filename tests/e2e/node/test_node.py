"""What pods can rely on, on a real node that is up."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import wait
from e2e.cluster.cache import go_architecture
from e2e.cluster.checkout import kubectl_binary
from e2e.cluster.errors import HarnessError
from e2e.cluster.node.node import Node
from e2e.cluster.node.oci import Image
from e2e.cluster.packages import SYSTEM_PATH

pytestmark = pytest.mark.process

MANIFESTS = Path(__file__).with_name("web.yaml").read_text()
DENY_ALL = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-all, namespace: web}
spec: {podSelector: {matchLabels: {app: server}}, policyTypes: [Ingress]}
"""
LET_FRIEND_IN = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: let-friend-in, namespace: web}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}], ports: [{port: http}]}]
"""
SECONDS = 30.0


@pytest.fixture(scope="module")
def web(node: Node) -> Iterator[Node]:
    node.kubectl("apply", "-f", "-", stdin=MANIFESTS)
    _await_web(node)
    yield node
    node.kubectl("delete", "namespace", "web", "--wait=false")


def _await_web(node: Node) -> None:
    node.kubectl("-n", "web", "rollout", "status", "deployment/server", "--timeout=60s")
    node.kubectl("-n", "web", "wait", "--for=condition=Ready", "pod/friend", "pod/stranger", "--timeout=60s")
    # The node's proxy learns of the pod's address later than its Deployment counts it, and refuses until then.
    assert wait.until(lambda: bool(_started_so_far(node)), seconds=SECONDS), _asks(node, "friend")


# 143: `timeout` ended it, nobody answered. (The wget of Debian's static busybox crashes with -T.)
ASK = """
timeout 2 wget -q -O - http://server.web.svc.cluster.local/starts
code=$?
[ $code = 143 ] || exit $code
"""


def _asks(node: Node, client: str) -> str:
    """What the server answers; empty when packets get no answer at all."""
    return node.kubectl("-n", "web", "exec", client, "--", "sh", "-c", ASK)


def _starts(node: Node) -> list[str]:
    return _asks(node, "friend").split()


def _started_so_far(node: Node) -> list[str] | None:
    try:
        return _starts(node)
    except HarnessError:
        # The Service refuses, or the kubelet is not back yet.
        return None


def test_service_is_found_by_name_and_the_volume_is_written(web: Node) -> None:
    assert len(_starts(web)) == 1


def test_data_outlives_the_pod(web: Node) -> None:
    before = _starts(web)
    web.kubectl("-n", "web", "delete", "pod", "-l", "app=server")
    _await_web(web)
    after = _starts(web)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_policy_admits_only_the_pods_that_it_names(web: Node) -> None:
    assert _asks(web, "stranger")
    web.kubectl("apply", "-f", "-", stdin=DENY_ALL)
    assert wait.until(lambda: not _asks(web, "stranger"), seconds=SECONDS)
    assert not _asks(web, "friend")
    web.kubectl("apply", "-f", "-", stdin=LET_FRIEND_IN)
    assert wait.until(lambda: bool(_asks(web, "friend")), seconds=SECONDS)
    assert not _asks(web, "stranger")
    # Probes come from the node and are never filtered: the server stays ready behind its policies.
    assert web.kubectl("-n", "web", "get", "deployment/server", "-o", "jsonpath={.status.readyReplicas}") == "1"
    web.kubectl("-n", "web", "delete", "networkpolicy", "--all")
    assert wait.until(lambda: bool(_asks(web, "stranger")), seconds=SECONDS)


def test_restricted_pod_security_refuses_a_pod_that_runs_as_root(web: Node) -> None:
    with pytest.raises(HarnessError, match='violates PodSecurity "restricted'):
        web.kubectl("-n", "web", "run", "root", "--image=node.invalid/busybox:1", "--", "sleep", "1")


def test_pod_has_no_rights_and_cannot_write_its_root(web: Node) -> None:
    status = web.kubectl("-n", "web", "exec", "friend", "--", "cat", "/proc/self/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["CapEff"].strip() == "0" * 16
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    with pytest.raises(HarnessError, match="Read-only file system"):
        web.kubectl("-n", "web", "exec", "friend", "--", "touch", "/written")


def test_logs_are_there(web: Node) -> None:
    assert web.kubectl("-n", "web", "logs", "deployment/server") == "serving\n"


def test_port_is_forwarded(web: Node) -> None:
    command = [
        str(kubectl_binary()),
        f"--kubeconfig={web.kubeconfig}",
        "-n",
        "web",
        "port-forward",
        "svc/server",
        ":80",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forwarding:
        assert forwarding.stdout
        port = forwarding.stdout.readline().split(" -> ")[0].rpartition(":")[2]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/starts", timeout=10) as answer:
            assert answer.read()
        forwarding.terminate()


def test_service_and_pod_are_reached_from_this_machine(web: Node) -> None:
    address = web.kubectl("-n", "web", "get", "service/server", "-o", "jsonpath={.spec.clusterIP}")
    with urllib.request.urlopen(f"http://{address}/starts", timeout=10) as answer:
        assert answer.read()


def test_kubelet_measures_memory_and_cpu_of_each_container(web: Node) -> None:
    def measured() -> list[tuple[int, int]]:
        summary = json.loads(web.kubectl("get", "--raw", f"/api/v1/nodes/{web.name}/proxy/stats/summary"))
        pods = [pod for pod in summary["pods"] if pod["podRef"]["name"].startswith("server-")]
        found = [container for pod in pods for container in pod["containers"]]
        return [
            (container["memory"]["workingSetBytes"], container["cpu"]["usageCoreNanoSeconds"])
            for container in found
            if {"memory", "cpu"} <= set(container)
        ]

    assert wait.until(lambda: len(measured()) == 1, seconds=SECONDS)
    ((memory, cpu),) = measured()
    assert 0 < memory < 32 << 20
    assert cpu > 0


def test_container_over_its_memory_limit_is_killed(node: Node) -> None:
    overrides = {
        "spec": {
            "containers": [
                {
                    "name": "greedy",
                    "image": "node.invalid/busybox:1",
                    "command": ["sh", "-c", "head -c 100000000 /dev/zero | tail -c 90000000 | wc -c"],
                    "resources": {"limits": {"memory": "16Mi"}},
                }
            ]
        }
    }
    image = "--image=node.invalid/busybox:1"
    node.kubectl("run", "greedy", image, "--restart=Never", f"--overrides={json.dumps(overrides)}")
    ended = "--for=jsonpath={.status.containerStatuses[0].state.terminated}"
    node.kubectl("wait", "pod/greedy", ended, "--timeout=60s")
    state = json.loads(node.kubectl("get", "pod/greedy", "-o", "json"))["status"]["containerStatuses"][0]["state"]
    node.kubectl("delete", "pod/greedy", "--wait=false")
    assert "90000000" not in json.dumps(state)
    assert state["terminated"]["reason"] == "OOMKilled"


def _busybox() -> Path:
    return Path(str(shutil.which("busybox", path=SYSTEM_PATH)))


def test_image_archive_is_loaded_and_runs(node: Node, tmp_path: Path) -> None:
    hello = {"/bin/busybox": _busybox()}
    image = Image(
        "docker.io/library/hello:1", go_architecture(), hello, config={"Cmd": ["/bin/busybox", "echo", "hello"]}
    )
    image.write(tmp_path / "hello.tar")
    node.load_image(tmp_path / "hello.tar")
    node.kubectl("run", "hello", "--image=hello:1", "--image-pull-policy=Never", "--restart=Never")
    node.kubectl("wait", "pod/hello", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    assert node.kubectl("logs", "hello") == "hello\n"


def test_file_that_is_no_image_is_refused_by_name(node: Node, tmp_path: Path) -> None:
    (tmp_path / "no-image").write_text("no image")
    with pytest.raises(HarnessError, match=f"does not take the image {tmp_path}/no-image: "):
        node.load_image(tmp_path / "no-image")


def test_unknown_image_fails_at_once(node: Node) -> None:
    node.kubectl("run", "absent", "--image=registry.invalid/absent:1", "--restart=Never")
    waiting = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull"
    node.kubectl("wait", "pod/absent", waiting, "--timeout=20s")
    node.kubectl("delete", "pod/absent", "--wait=false")


def test_container_that_is_killed_is_started_again(web: Node) -> None:
    before = _starts(web)
    pod = web.kubectl("-n", "web", "get", "pods", "-l", "app=server", "-o", "jsonpath={.items[0].metadata.name}")
    web.kill_container("web", pod, "server")
    restarted = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1"
    web.kubectl("-n", "web", "wait", f"pod/{pod}", restarted, "--timeout=30s")
    _await_web(web)
    assert len(_starts(web)) == len(before) + 1
    with pytest.raises(HarnessError, match="no container"):
        web.kill_container("web", pod, "absent")


def test_reboot_keeps_the_data_and_shows_nothing_stale(web: Node) -> None:
    before = _starts(web)
    web.reboot()
    _await_web(web)
    after = _starts(web)
    assert after[: len(before)] == before
    assert len(after) > len(before)


def test_daemon_that_is_killed_comes_back_and_pods_stay(web: Node) -> None:
    began = _starts(web)
    for name in ("containerd", "kubelet", "kube-proxy"):
        pid = web.run("pidof", "-s", name) if name == "containerd" else web.run("pgrep", "-f", f"kube {name}")
        web.run("kill", "-9", pid.split()[0])
    log = web.keeper.log("node")
    assert wait.until(lambda: log.read_text().count("starting it again") >= 3, seconds=SECONDS)
    assert wait.until(lambda: _started_so_far(web) == began, seconds=SECONDS), (
        began,
        _starts(web),
        web.kubectl("get", "po", "-A"),
    )
