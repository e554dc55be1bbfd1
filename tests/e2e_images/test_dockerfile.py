"""The Dockerfile as it is read, and that the real one has all that its programs import."""

import ast
from pathlib import Path

import pytest

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.images.catalogue import DOCKERFILE, DOCKERIGNORE, NAMES, OURS
from e2e.images.content import files_of
from e2e.images.dockerfile import Dockerfile

TEXT = """\
# A comment, and \\
# another.
ARG BASE=debian

FROM ${BASE} AS system
COPY tools /tools/
RUN first \\
 && second

FROM system AS packages
COPY lock.txt more.txt /build/

FROM system AS other
COPY secret /secret

FROM scratch AS app
COPY --from=packages --chown=1:1 /packages /packages
COPY --chown=1:1 app /app/
"""


@pytest.fixture
def small() -> Dockerfile:
    return Dockerfile.parse(TEXT)


@pytest.fixture(scope="module")
def real() -> Dockerfile:
    return Dockerfile.parse((ROOT / DOCKERFILE).read_text())


def test_a_target_needs_its_bases_and_what_it_copies_from(small: Dockerfile) -> None:
    assert [stage.name for stage in small.needed("app")] == ["system", "packages", "app"]
    assert [stage.name for stage in small.needed("other")] == ["system", "other"]


def test_sources_are_those_of_all_needed_stages(small: Dockerfile) -> None:
    assert small.sources("app") == ("app", "lock.txt", "more.txt", "tools")
    assert small.sources("system") == ("tools",)


def test_the_reduced_one_reads_the_same(small: Dockerfile) -> None:
    reduced = Dockerfile.parse(small.reduced("app"))
    assert reduced.arguments == ("ARG BASE=debian",)
    assert list(reduced.stages) == ["system", "packages", "app"]
    assert reduced.stages == {name: small.stages[name] for name in reduced.stages}
    assert "RUN first && second" in reduced.stages["system"].instructions


def test_an_unknown_target_is_named_with_the_known_ones(small: Dockerfile) -> None:
    with pytest.raises(HarnessError, match="no target nothing: there are system, packages, other, app"):
        small.needed("nothing")


def test_every_image_has_a_target(real: Dockerfile) -> None:
    assert set(NAMES) <= set(real.stages)


@pytest.mark.parametrize("name", OURS)
def test_an_image_has_every_package_that_its_program_imports(real: Dockerfile, name: str) -> None:
    packages = {Path(source).name: source for source in real.sources(name) if "edge_" in source}
    assert f"edge_{name.replace('-', '_')}" in packages
    imported = {module for path in files_of(ROOT, packages.values()) for module in imports(path)}
    assert imported <= set(packages)


def imports(path: Path) -> set[str]:
    """The packages of ours that a Python file imports."""
    if path.suffix != ".py":
        return set()
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names if name.startswith("edge_")}


def test_all_sources_are_let_into_the_build_and_little_else(real: Dockerfile) -> None:
    let_in = [line[1:] for line in (ROOT / DOCKERIGNORE).read_text().splitlines() if line.startswith("!")]
    sources = {source for name in NAMES for source in real.sources(name)}
    for source in sources:
        assert any(Path(source).match(pattern) for pattern in let_in), source
    for pattern in let_in:
        assert any(Path(source).match(pattern) for source in sources), pattern


def test_nothing_is_fetched_but_packages(real: Dockerfile) -> None:
    for stage in real.stages.values():
        for instruction in stage.instructions:
            assert not instruction.startswith("ADD "), instruction
            assert "://" not in instruction.replace("https://edge-stack.io", ""), instruction
