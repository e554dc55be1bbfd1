"""Builds that the machine is in the way of, with a program of buildah's name that ends as it did."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from e2e.cluster.progress import Progress
from e2e.images import buildah
from e2e.images.catalogue import Image

pytestmark = pytest.mark.process

IMAGE = Image("device", "example/device:1", "FROM scratch\n", "0123", {})
PROGRAM = """#!/bin/sh
case " $* " in *" bud "*) ;; *) exit 0 ;; esac
echo bud >>"{called}"
[ "$(wc -l <"{called}")" -gt {failing} ] && exit 0
echo "[1/1] STEP 2/2: RUN /build/code.sh"
echo "{message}"
exit 1
"""
PINNED = "Close_Fd sealing memfd copy: Device or resource busy"


@dataclass(frozen=True)
class Fake:
    """A builder with a buildah that fails for the given number of builds."""

    directory: Path

    def fail(self, builds: int, message: str) -> None:
        program = self.directory / "buildah"
        program.write_text(PROGRAM.format(called=self.directory / "called", failing=builds, message=message))
        program.chmod(0o755)

    def build(self) -> None:
        builder = buildah.Buildah(self.directory, self.directory, 0, dict(os.environ), Progress(io.StringIO()))
        builder.build(IMAGE, self.directory / "device.tar", lambda _: None)

    @property
    def builds(self) -> int:
        return len((self.directory / "called").read_text().splitlines())


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Fake(tmp_path)


@pytest.mark.parametrize("failing", [1, buildah.ATTEMPTS - 1])
def test_a_step_that_could_not_begin_is_tried_again(failing: int, fake: Fake) -> None:
    fake.fail(failing, PINNED)
    fake.build()
    assert fake.builds == failing + 1


@pytest.mark.parametrize(("message", "builds"), [(PINNED, buildah.ATTEMPTS), ("code.sh: not found", 1)])
def test_what_does_not_pass_is_an_error(message: str, builds: int, fake: Fake) -> None:
    fake.fail(99, message)
    with pytest.raises(HarnessError, match=message):
        fake.build()
    assert fake.builds == builds
