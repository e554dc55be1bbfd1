"""CLUSTER=kind up to the calls of docker and kind; those are recording programs here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from e2e.cluster.checkout import ROOT, checkout_hash
from e2e.cluster.errors import HarnessError
from e2e.cluster.kind import CONFIG, Kind, reason_against
from e2e.cluster.lifecycle import Edge
from e2e.cluster.steps import Steps

pytestmark = pytest.mark.process

# The part of kind's v1alpha4 types (pkg/apis/config/v1alpha4/types.go) that a config of ours may use.
V1ALPHA4 = {
    "type": "object",
    "required": ["kind", "apiVersion", "nodes"],
    "additionalProperties": False,
    "properties": {
        "kind": {"const": "Cluster"},
        "apiVersion": {"const": "kind.x-k8s.io/v1alpha4"},
        "name": {"type": "string"},
        "nodes": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role", "image"],
                "additionalProperties": False,
                "properties": {
                    "role": {"enum": ["control-plane", "worker"]},
                    "image": {"type": "string", "pattern": r"^kindest/node:v1\.37\.\d+@sha256:[0-9a-f]{64}$"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        },
        "networking": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "ipFamily": {"enum": ["ipv4", "ipv6", "dual"]},
                "apiServerPort": {"type": "integer"},
                "apiServerAddress": {"type": "string"},
                "podSubnet": {"type": "string"},
                "serviceSubnet": {"type": "string"},
                "disableDefaultCNI": {"type": "boolean"},
                "kubeProxyMode": {"enum": ["iptables", "nftables", "ipvs", "none"]},
            },
        },
        "featureGates": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "runtimeConfig": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
RECORDER = """#!/bin/sh
echo "$(basename "$0") $*" >>"{calls}"
{action}
"""


def _program(directory: Path, name: str, action: str = ":") -> None:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(RECORDER.format(calls=directory / "calls", action=action))
    path.chmod(0o755)


def _cluster(tmp_path: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CLUSTER": "kind", "PATH": f"{tmp_path / 'programs'}:/usr/bin:/bin", **variables}
    directory = str(tmp_path / ".edge")
    return subprocess.run(
        [sys.executable, "-m", "e2e.cluster", "--directory", directory, command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _calls(tmp_path: Path) -> list[str]:
    calls = tmp_path / "programs" / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return lines


def test_config_is_valid_and_pins_its_image() -> None:
    jsonschema.validate(yaml.safe_load(CONFIG.read_text()), V1ALPHA4)


def test_up_and_down_call_kind_with_our_kubeconfig_only(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    _program(programs, "docker")
    _program(programs, "kind", f'echo "with $KUBECONFIG" >>"{programs}/calls"')
    name = f"edge-stack-{checkout_hash(tmp_path)}"
    kubeconfig = tmp_path / ".edge" / "kubeconfig"
    up = _cluster(tmp_path, "up", KUBECONFIG="/someone/elses")
    assert up.returncode == 0, up.stderr
    assert "CLUSTER=kind: asked for" in up.stdout
    target = f"--name {name} --kubeconfig {kubeconfig}"
    assert _calls(tmp_path) == [
        "docker info",
        "kind get clusters",
        f"with {kubeconfig}",
        f"kind create cluster {target} --config {CONFIG} --wait 180s",
        f"with {kubeconfig}",
    ]
    down = _cluster(tmp_path, "down", CLUSTER="", KUBECONFIG="/someone/elses")
    assert down.returncode == 0, down.stderr
    assert _calls(tmp_path) == ["docker info", f"kind delete cluster {target}", f"with {kubeconfig}"]
    assert _cluster(tmp_path, "down", CLUSTER="").returncode == 0
    assert _calls(tmp_path) == []


def test_up_again_exports_the_kubeconfig(tmp_path: Path) -> None:
    _program(tmp_path / "programs", "docker")
    _program(tmp_path / "programs", "kind", f'[ "$1" = get ] && echo "edge-stack-{checkout_hash(tmp_path)}"; true')
    assert "was up already" in _cluster(tmp_path, "up").stdout
    assert _calls(tmp_path)[-1].startswith("kind export kubeconfig --name edge-stack-")


def test_a_program_of_this_machine_is_reached_by_the_gateway_of_dockers_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "programs", "docker", "echo 'fc00:f853:ccd:e793::1 172.18.0.1 '")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
    kind = Kind("edge", tmp_path / "kubeconfig")
    assert kind.gateway() == "172.18.0.1"
    kind.run("iptables", "-I", "FORWARD")
    assert _calls(tmp_path)[-1] == "docker exec edge-control-plane iptables -I FORWARD"
    _program(tmp_path / "programs", "docker", "echo 'fc00::1 '")
    with pytest.raises(HarnessError, match="has no IPv4 gateway"):
        kind.gateway()


def test_other_cluster_is_refused_until_down(tmp_path: Path) -> None:
    _program(tmp_path / "programs", "docker")
    _program(tmp_path / "programs", "kind")
    assert _cluster(tmp_path, "up").returncode == 0
    refused = _cluster(tmp_path, "up", CLUSTER="controlplane")
    assert refused.returncode == 1
    assert "CLUSTER=kind is up here: `make down` first" in refused.stderr


@pytest.mark.parametrize(
    ("present", "message"),
    [
        ({}, "CLUSTER=kind needs `docker`, which is not on PATH: install Docker Engine"),
        ({"docker": ":"}, "CLUSTER=kind needs `kind`, which is not on PATH: go install sigs.k8s.io/kind@v"),
        (
            {"docker": "echo 'no daemon' >&2; exit 1", "kind": ":"},
            "needs a running Docker engine: start it. It says: no daemon",
        ),
        (
            {"docker": ":", "kind": '[ "$1" = get ] || { echo "out of disk" >&2; exit 1; }'},
            r"^out of disk\n(.|\n)*kind create cluster .* failed: it said why above",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, present: dict[str, str], message: str) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, action in present.items():
        _program(programs, name, action)
    up = _cluster(tmp_path, "up", PATH=f"{programs}:{_without_docker(tmp_path)}")
    assert up.returncode == 1
    assert re.search(message, up.stderr)
    assert "Traceback" not in up.stderr


def _without_docker(tmp_path: Path) -> Path:
    """A PATH of the few programs the recorders need, so that the machine's docker is not found."""
    directory = tmp_path / "system"
    directory.mkdir()
    for name in ("sh", "basename"):
        (directory / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    return directory


def test_image_is_brought_into_the_kind_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path / "programs", "docker")
    _program(tmp_path / "programs", "kind")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
    (tmp_path / ".edge").mkdir()
    (tmp_path / ".edge" / "kind").write_text("brought up")
    edge = Edge(tmp_path / ".edge", os.environ, Steps())
    edge.load_image(tmp_path / "image.tar")
    name = f"edge-stack-{checkout_hash(tmp_path)}"
    assert _calls(tmp_path) == [f"kind load image-archive {tmp_path / 'image.tar'} --name {name}"]


def test_image_needs_a_cluster_with_pods(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    edge = Edge(tmp_path, os.environ, Steps())
    with pytest.raises(HarnessError, match="there is no node here: CLUSTER=node make up"):
        edge.load_image(tmp_path / "image.tar")


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        ({}, "there is no `docker`"),
        ({"docker": "exit 1"}, "no Docker engine answers"),
        ({"docker": ":"}, "there is no `kind` (go install sigs.k8s.io/kind@v0.33.0)"),
        ({"docker": ":", "kind": ":"}, None),
    ],
)
def test_why_kind_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: dict[str, str], reason: str | None
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, action in present.items():
        _program(programs, name, action)
    monkeypatch.setenv("PATH", f"{programs}:{_without_docker(tmp_path)}")
    assert reason_against() == reason
