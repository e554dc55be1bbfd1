"""Where the built binary is kept, and what makes it another one."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from e2e.cluster.cache import cache_root, content_key, go_architecture
from e2e.cluster.errors import HarnessError
from e2e.cluster.sources import KUBE, NODE_SOURCES, Source

EVERY_FILE = [(source, name) for source in (KUBE, *NODE_SOURCES) for name in source.files]

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


@pytest.mark.parametrize(("source", "changed"), EVERY_FILE, ids=[f"{one.name}/{file}" for one, file in EVERY_FILE])
def test_key_changes_with_each_file(tmp_path: Path, source: Source, changed: str) -> None:
    for name in source.files:
        shutil.copy(source.directory / name, tmp_path)
    assert content_key(source, tmp_path) == content_key(source)
    with (tmp_path / changed).open("a") as file:
        file.write("\n")
    assert content_key(source, tmp_path) != content_key(source)


def test_key_names_version_and_architecture() -> None:
    assert content_key(KUBE, architecture="arm64").startswith(f"{KUBE.version}-arm64-")
    assert content_key(KUBE, architecture="arm64") != content_key(KUBE, architecture="amd64")


def test_key_changes_with_the_tags() -> None:
    assert content_key(replace(KUBE, tags=("other",))) != content_key(KUBE)


@pytest.mark.parametrize("source", [KUBE, *NODE_SOURCES], ids=lambda source: source.name)
def test_version_is_the_one_in_go_mod(source: Source) -> None:
    assert f"{source.module} {source.version}" in (source.directory / "go.mod").read_text()


def test_programs_of_a_source_are_the_tools_of_its_module() -> None:
    for source in NODE_SOURCES:
        if source.packages == "tool":
            text = (source.directory / "go.mod").read_text()
            assert set(source.programs) <= {line.split("/")[-1] for line in text.splitlines()}


def test_architecture() -> None:
    assert go_architecture("x86_64") == "amd64"
    assert go_architecture("aarch64") == "arm64"
    with pytest.raises(HarnessError, match="no control plane for riscv64 machines: use CLUSTER=kind"):
        go_architecture("riscv64")
