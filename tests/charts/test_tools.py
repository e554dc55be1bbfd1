import subprocess
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import build
from e2e.cluster.errors import HarnessError
from e2e.tools import ensure_tool, schemas
from e2e.tools.__main__ import main
from e2e.tools.helm import Helm
from e2e.tools.sources import TOOLS, ToolSource


@pytest.mark.parametrize("source", TOOLS.values(), ids=TOOLS)
def test_go_mod_pins_the_version(source: ToolSource) -> None:
    lines = [line.strip() for line in (source.directory / "go.mod").read_text().splitlines()]
    assert f"{source.module} {source.version} // indirect" in lines
    assert [line for line in lines if line.startswith("tool ")] == [f"tool {source.module}/cmd/{source.name}"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("helm", ["version", "--short"]), ("kubeconform", ["-v"])],
)
def test_tools_say_their_version(tools: dict[str, Path], name: str, arguments: list[str]) -> None:
    said = subprocess.run([tools[name], *arguments], capture_output=True, text=True, check=True, timeout=30).stdout
    assert TOOLS[name].version in said


def test_unknown_tool() -> None:
    with pytest.raises(HarnessError, match=r"no tool 'kubectl': helm, .*, registry are built here"):
        ensure_tool("kubectl")


def test_command_line(tools: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["helm"]) == 0
    assert capsys.readouterr().out == f"{tools['helm']}\n"
    assert main(["tiller"]) == 1
    assert capsys.readouterr().err.startswith("error: no tool 'tiller'")


def test_tools_go_into_the_chosen_cache(tmp_path: Path) -> None:
    paths = {build.built_path(source, {"EDGE_CACHE": str(tmp_path)}) for source in TOOLS.values()}
    assert len(paths) == len(TOOLS)
    assert all(tmp_path in path.parents for path in paths)


def test_helm_fails_in_its_own_words(helm: Helm) -> None:
    with pytest.raises(HarnessError, match=r"helm status nothing: .*(unreachable|configuration)"):
        helm("status", "nothing")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "string"}, {"type": "string"}),
        ({"properties": {"a": {}}}, {"properties": {"a": {}}, "additionalProperties": False}),
        ({"type": "object", "additionalProperties": {}}, {"type": "object", "additionalProperties": {}}),
        (
            {"properties": {"a": {}}, schemas.OPEN: True},
            {"properties": {"a": {}}, schemas.OPEN: True},
        ),
        (
            {"items": {"properties": {"a": {}}}},
            {"items": {"properties": {"a": {}}, "additionalProperties": False}},
        ),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"default": {"properties": {}}}, {"default": {"properties": {}}}),
        (
            {"properties": {"properties": {"type": "object"}}},
            {"properties": {"properties": {"type": "object"}}, "additionalProperties": False},
        ),
        (
            {"allOf": [{"properties": {}}]},
            {"allOf": [{"properties": {}, "additionalProperties": False}]},
        ),
    ],
)
def test_closed(given: Any, expected: Any) -> None:
    assert schemas.closed(given) == expected
