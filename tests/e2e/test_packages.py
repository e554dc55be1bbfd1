"""What comes from the system: found, installed, or named; apt-get is a recording program here."""

from pathlib import Path

import pytest

from e2e.cluster import packages
from e2e.cluster.errors import HarnessError
from e2e.cluster.packages import Requirement, apt_command, install

pytestmark = pytest.mark.process

APT = """#!/bin/sh
echo "$*" >>"{calls}"
case "$*" in *install*) {action} ;; esac
"""


def _system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> Path:
    apt = tmp_path / "apt-get"
    apt.write_text(APT.format(calls=tmp_path / "calls", action=action))
    apt.chmod(0o755)
    monkeypatch.setattr(packages, "SYSTEM_PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "calls"


def _needs(path: Path) -> Requirement:
    return Requirement("the file", "a-package", path.exists)


def test_one_command_has_each_package_once() -> None:
    wanted = [Requirement("a", "one", lambda: False), Requirement("b", "two", lambda: False)]
    assert apt_command([*wanted, wanted[0]]) == "sudo apt-get install --no-install-recommends one two"


def test_missing_package_is_installed_and_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "made"
    calls = _system(tmp_path, monkeypatch, f'test "$DEBIAN_FRONTEND" = noninteractive && touch {made}')
    said: list[str] = []
    install([_needs(made)], said.append)
    assert calls.read_text() == "-o DPkg::Lock::Timeout=300 install --yes --no-install-recommends a-package\n"
    assert said == ["installing a-package with apt-get (once; half a minute)"]


def test_old_package_lists_are_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = tmp_path / "made", tmp_path / "calls"
    _system(tmp_path, monkeypatch, f"grep -q update {calls} && touch {made}")
    install([_needs(made)], str)
    assert [line.split()[-1] for line in calls.read_text().splitlines()] == ["a-package", "update", "a-package"]


@pytest.mark.parametrize("action", ["echo 'no such package' >&2; exit 100", ":"])
def test_failure_names_what_is_missing_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    _system(tmp_path, monkeypatch, action)
    command = "sudo apt-get install --no-install-recommends a-package"
    with pytest.raises(HarnessError, match=f"the node needs the file and apt-get did not install it: {command}"):
        install([_needs(tmp_path / "made")], str)


def test_nothing_is_done_when_nothing_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _system(tmp_path, monkeypatch, ":")
    install([], str)
    assert not calls.exists()


def test_building_needs_more_than_running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "SYSTEM_PATH", str(tmp_path))
    everything = {one.what for one in packages.missing(building=True)}
    assert everything - {one.what for one in packages.missing(building=False)} == {
        "gcc",
        "the C library's headers",
        "pkg-config",
        "libseccomp's headers",
    }


@pytest.mark.parametrize(
    ("content", "static"),
    [(b"\x7fELF static", True), (b"\x7fELF /lib64/ld-linux-x86-64.so.2", False), (b"\x7fELF /lib/ld-musl.so.1", False)],
)
def test_busybox_must_be_static(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, *, static: bool
) -> None:
    (tmp_path / "busybox").write_bytes(content)
    (tmp_path / "busybox").chmod(0o755)
    monkeypatch.setattr(packages, "SYSTEM_PATH", str(tmp_path))
    assert ("a static busybox" not in {one.what for one in packages.missing(building=False)}) is static


def test_program_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "SYSTEM_PATH", str(tmp_path))
    with pytest.raises(HarnessError, match="there is no `nsenter` in"):
        packages.program("nsenter")
