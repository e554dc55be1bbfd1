"""Which Mosquitto is taken, and what is said where there is none."""

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from e2e.cluster.progress import Progress
from e2e.mosquitto import archive, build
from e2e.mosquitto.packages import Needed

pytestmark = pytest.mark.process

NEEDED = Needed("building a thing", {"apt-get": ("one", "two"), "dnf": ("one-devel",), "": ("one and two",)})


def program(directory: Path, name: str, said: str = "") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return path


def installation(directory: Path, version: str) -> dict[str, str]:
    for name in build.PROGRAMS:
        program(directory, name, f"mosquitto version {version}")
    return {"PATH": str(directory)}


@pytest.fixture(autouse=True)
def _nothing_else_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "SYSTEM_DIRECTORIES", ())


@pytest.mark.parametrize("version", ["2.1.2", "2.2.0", "3.0.0"])
def test_an_installed_one_is_taken_if_new_enough(tmp_path: Path, version: str) -> None:
    assert build.installed(installation(tmp_path, version)) is not None


@pytest.mark.parametrize("version", ["2.1.1", "2.0.22", "1.6.9"])
def test_an_older_one_is_not_taken(tmp_path: Path, version: str) -> None:
    assert build.installed(installation(tmp_path, version)) is None


def test_clients_alone_are_no_installation(tmp_path: Path) -> None:
    environment = installation(tmp_path, "2.1.2")
    (tmp_path / "mosquitto").unlink()
    assert build.installed(environment) is None


def test_an_installed_one_is_given_as_one_directory(tmp_path: Path) -> None:
    environment = installation(tmp_path / "usr", "2.9.0") | {"EDGE_CACHE": str(tmp_path / "cache")}
    directory = build.ensure_mosquitto(environment)
    assert sorted(path.name for path in (directory / "bin").iterdir()) == sorted(build.PROGRAMS)
    assert build.version_of(directory / "bin" / "mosquitto") == (2, 9, 0)
    assert build.ensure_mosquitto(environment) == directory


def test_the_built_one_is_what_the_name_says(mosquitto_programs: Path) -> None:
    assert build.version_of(mosquitto_programs / "mosquitto") >= build.LEAST_VERSION
    assert all((mosquitto_programs / name).exists() for name in build.PROGRAMS)


def test_a_program_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    (tmp_path / "mosquitto").write_text("no program")
    assert build.version_of(tmp_path / "mosquitto") == ()
    assert build.version_of(tmp_path / "missing") == ()


def packed(directory: Path, name: str, content: bytes) -> Path:
    tree = directory / name
    (tree / "src").mkdir(parents=True)
    (tree / "src" / "main.c").write_bytes(content)
    (tree / "link").symlink_to("src/main.c")
    path = directory / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tree, arcname=name)
    return path


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    one = packed(tmp_path, "release-1", b"same")
    other = packed(tmp_path, "branch-2", b"same")
    changed = packed(tmp_path, "release-3", b"changed")
    assert archive.tree_digest(one) == archive.tree_digest(other)
    assert archive.tree_digest(one) != archive.tree_digest(changed)


def test_a_wrong_archive_is_refused_and_the_place_for_the_right_one_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = packed(tmp_path, "wrong", b"other")
    monkeypatch.setattr(archive, "PUBLISHED", wrong.as_uri())
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(HarnessError) as raised:
        archive.ensure_archive(tmp_path / "sources", Progress(io.StringIO()))
    assert f"put {wrong.as_uri()} at {tmp_path / 'sources'}/mosquitto-{archive.VERSION}.tar.gz" in str(raised.value)
    assert "another version, or was changed" in str(raised.value)


@pytest.mark.parametrize(
    ("present", "user", "command"),
    [
        ("apt-get", 0, "apt-get install -y --no-install-recommends one two"),
        ("apt-get", 1000, "sudo apt-get install -y --no-install-recommends one two"),
        ("dnf", 1000, "sudo dnf install -y one-devel"),
        ("pacman", 1000, "install one and two with your distribution's package manager"),
    ],
)
def test_one_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: str, user: int, command: str
) -> None:
    program(tmp_path, present)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert NEEDED.command() == command


def test_without_root_nothing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "apt-get", "must not run")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(HarnessError, match="sudo apt-get install -y --no-install-recommends one two"):
        NEEDED.install(Progress(io.StringIO()))
