"""Which archives are given, built, and kept."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from e2e.images import __main__, build, buildah, docker
from e2e.images.catalogue import Image, image_of, project_version

pytestmark = pytest.mark.process


@dataclass
class Recorder:
    """Writes archives that say what they are of, in place of minutes of building."""

    built: list[str] = field(default_factory=list)

    def build(self, image: Image, archive: Path, _: object) -> None:
        self.built.append(image.name)
        archive.write_text(image.digest)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(build.Work, "builder", recorder)
    return recorder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"EDGE_CACHE": str(tmp_path)}


def test_names_are_what_containerd_makes_of_the_manifests() -> None:
    version = project_version()
    assert image_of("gateway").reference == f"docker.io/edge-stack/edge-gateway:{version}"
    assert image_of("mosquitto").reference == "docker.io/library/eclipse-mosquitto:2.1.2-alpine"


def test_an_unknown_image_is_named_with_the_known_ones(environment: dict[str, str]) -> None:
    with pytest.raises(HarnessError, match="there is no image broker: there are operator, gateway"):
        build.ensure_images(["broker"], environment)


def test_what_is_in_the_cache_is_not_built_again(recorder: Recorder, environment: dict[str, str]) -> None:
    first = build.ensure_images(["gateway", "device"], environment)
    again = build.ensure_images(["device", "gateway", "storage"], environment)
    assert recorder.built == ["gateway", "device", "storage"]
    assert {name: again[name] for name in first} == first
    assert all(path.read_text() == image_of(name).digest for name, path in again.items())


def test_another_time_is_another_image(recorder: Recorder, environment: dict[str, str]) -> None:
    one = build.ensure_images(["device"], environment)
    other = build.ensure_images(["device"], environment | {"SOURCE_DATE_EPOCH": "1700000000"})
    assert one != other
    assert recorder.built == ["device", "device"]


def test_old_archives_of_an_image_are_removed(recorder: Recorder, environment: dict[str, str]) -> None:
    directory = Path(environment["EDGE_CACHE"]) / "images"
    directory.mkdir()
    for age in range(1, 5):
        (directory / f"device-old{age}.tar").write_text("old")
        os.utime(directory / f"device-old{age}.tar", (1000 - age, 1000 - age))
    (directory / "gateway-old1.tar").write_text("another's")
    new = build.ensure_images(["device"], environment)["device"]
    left = {path.name for path in directory.glob("*.tar")}
    assert left == {new.name, "device-old1.tar", "device-old2.tar", "gateway-old1.tar"}


def test_files_that_change_meanwhile_are_not_cached_as_what_they_were(
    recorder: Recorder, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = iter(["before", "before", "after", "after", "after"])

    def changing(name: str) -> Image:
        return Image(name, "example/device:1", "", next(digests), {})

    monkeypatch.setattr(build, "image_of", changing)
    archive = build.ensure_images(["device"], environment)["device"]
    assert recorder.built == ["device", "device"]
    assert list(archive.parent.glob("*.tar")) == [archive]
    assert archive.read_text() == "after"


def test_files_that_never_rest_are_an_error(
    recorder: Recorder, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = iter(range(100))
    monkeypatch.setattr(build, "image_of", lambda name: Image(name, "example/device:1", "", str(next(count)), {}))
    with pytest.raises(HarnessError, match="files of the image device change while it is built"):
        build.ensure_images(["device"], environment)


def test_without_docker_and_root_both_are_named(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docker, "answers", lambda: False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert __main__.main(["build", "device"]) == 1
    assert "a Docker engine that answers, or root: sudo make images" in capsys.readouterr().err


def test_only_commands_that_run_are_shown() -> None:
    shown: list[str] = []
    commands = buildah.Commands(shown.append)
    for line in (
        "[1/2] STEP 2/4: RUN cached",
        "--> Using cache 0123",
        "[1/2] STEP 3/4: COPY tools /build/",
        "[1/2] STEP 4/4: RUN anew",
        "its output",
        "--> 4567",
    ):
        commands.take(line)
    assert shown == ["  RUN anew"]


def test_no_engine_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not docker.answers()
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    assert not docker.answers()
