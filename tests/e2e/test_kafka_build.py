"""Which Java and which jars Kafka is run with, and what is said if they cannot be had."""

from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from e2e.kafka import build
from e2e.kafka.build import KafkaPrograms

pytestmark = pytest.mark.process


def program(directory: Path, name: str, script: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


def environment(directory: Path, version: str | None) -> dict[str, str]:
    (directory / "bin").mkdir()
    if version:
        program(directory / "bin", "java", f"echo 'openjdk version \"{version}\" 2026-01-20' >&2")
    return {"PATH": str(directory / "bin"), "EDGE_CACHE": str(directory / "cache")}


@pytest.mark.parametrize(
    ("version", "is_enough"),
    [("17.0.15", True), ("21", True), ("25.0.1", True), ("11.0.2", False), ("1.8.0_432", False)],
)
def test_java_is_taken_if_new_enough(tmp_path: Path, version: str, is_enough: bool) -> None:  # noqa: FBT001 - a case
    assert (build.java_of(environment(tmp_path, version)) is not None) is is_enough


def test_no_java_is_not_ready(tmp_path: Path) -> None:
    assert build.java_of(environment(tmp_path, None)) is None


def test_without_java_the_command_that_installs_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(HarnessError, match=r"running Kafka .* needs programs that are not installed: .*(maven|Maven)"):
        build.ensure_kafka(environment(tmp_path, None))


def test_jars_that_are_not_those_of_the_release_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = environment(tmp_path, "21.0.1")
    # A mirror with another jar of the same name.
    place = 'for word; do case "$word" in -DoutputDirectory=*) place=${word#*=}; esac; done'
    program(tmp_path / "bin", "mvn", f"{place}; /bin/mkdir $place; echo x >$place/kafka.jar")
    monkeypatch.setenv("PATH", variables["PATH"])
    with pytest.raises(HarnessError, match="gave other jars than those of the release"):
        build.ensure_kafka(variables)
    assert not build.is_ready(variables)
    assert sorted(path.name for path in (tmp_path / "cache" / "kafka").iterdir()) == ["lock"]


def test_what_maven_says_is_in_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = environment(tmp_path, "21.0.1")
    program(tmp_path / "bin", "mvn", "echo 'Could not transfer artifact'; exit 1")
    monkeypatch.setenv("PATH", variables["PATH"])
    with pytest.raises(HarnessError, match="Could not transfer artifact"):
        build.ensure_kafka(variables)


def test_the_jars_in_the_cache_are_those_of_the_release(kafka_programs: KafkaPrograms) -> None:
    assert build.digest_of(kafka_programs.jars) == build.JARS
