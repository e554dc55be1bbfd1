"""Where the built binary is kept, and what makes it another one."""

import shutil
from pathlib import Path

import pytest

from e2e.cluster.cache import SOURCE_NAMES, SOURCES, VERSION, cache_root, content_key, go_architecture
from e2e.cluster.errors import HarnessError

HOME = Path("/home/someone")


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({}, HOME / ".cache/edge-stack"),
        ({"XDG_CACHE_HOME": "/xdg"}, Path("/xdg/edge-stack")),
        ({"XDG_CACHE_HOME": "relative"}, HOME / ".cache/edge-stack"),
        ({"XDG_CACHE_HOME": ""}, HOME / ".cache/edge-stack"),
        ({"EDGE_CACHE": "/chosen", "XDG_CACHE_HOME": "/xdg"}, Path("/chosen")),
        ({"EDGE_CACHE": "here"}, Path.cwd() / "here"),
        ({"EDGE_CACHE": ""}, HOME / ".cache/edge-stack"),
    ],
)
def test_cache_root(environment: dict[str, str], root: Path) -> None:
    assert cache_root(environment, HOME) == root


@pytest.mark.parametrize("changed", SOURCE_NAMES)
def test_key_changes_with_each_source(tmp_path: Path, changed: str) -> None:
    for name in SOURCE_NAMES:
        shutil.copy(SOURCES / name, tmp_path)
    assert content_key(tmp_path) == content_key()
    with (tmp_path / changed).open("a") as file:
        file.write("\n")
    assert content_key(tmp_path) != content_key()


def test_key_names_version_and_architecture() -> None:
    assert content_key(architecture="arm64").startswith(f"{VERSION}-arm64-")
    assert content_key(architecture="arm64") != content_key(architecture="amd64")


def test_version_is_the_one_in_go_mod() -> None:
    assert f"k8s.io/kubernetes {VERSION}\n" in (SOURCES / "go.mod").read_text()


def test_architecture() -> None:
    assert go_architecture("x86_64") == "amd64"
    assert go_architecture("aarch64") == "arm64"
    with pytest.raises(HarnessError, match="no control plane for riscv64 machines: use CLUSTER=kind"):
        go_architecture("riscv64")
