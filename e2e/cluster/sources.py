"""Everything that is built from pinned Go modules: each source has a folder here with its go.mod and go.sum."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Source:
    """One Go module and how it is built.

    name: its folder, and its directory in the cache.
    title: what a person calls it.
    version: of the main module, as in go.mod.
    module: the main module's path.
    programs: the binaries that come out.
    usual: how long a build takes if nothing of it is cached.
    variables: Go variables that the linker sets.
    static_c: has C code in it that is linked statically.
    """

    name: str
    title: str
    version: str
    module: str
    programs: tuple[str, ...]
    usual: str
    packages: str = "tool"
    tags: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    static_c: bool = False

    @property
    def directory(self) -> Path:
        """Where go.mod is."""
        return HERE / self.name

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all source files, sorted."""
        return tuple(sorted(path.name for path in self.directory.iterdir() if path.suffix in {".go", ".mod", ".sum"}))

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of `go build` and `go list`."""
        linker = ["-s -w", *(f"-X {name}={value}" for name, value in self.variables)]
        if self.static_c:
            linker.append("-linkmode external -extldflags -static")
        tags = ("-tags", ",".join(self.tags)) if self.tags else ()
        return ("-trimpath", *tags, "-ldflags", " ".join(linker))


KUBE = Source(
    name="kube",
    title="Kubernetes",
    version="v1.37.2",
    module="k8s.io/kubernetes",
    programs=("kube",),
    usual="6 to 10 min",
    packages=".",
    variables=(
        ("k8s.io/component-base/version.gitVersion", "v1.37.2"),
        ("k8s.io/component-base/version.gitMajor", "1"),
        ("k8s.io/component-base/version.gitMinor", "37"),
        ("k8s.io/client-go/pkg/version.gitVersion", "v1.37.2"),
    ),
)
CONTAINERD = Source(
    name="containerd",
    title="containerd",
    version="v2.4.2",
    module="github.com/containerd/containerd/v2",
    programs=("containerd", "containerd-shim-runc-v2", "ctr"),
    usual="2 to 3 min",
    tags=("no_btrfs", "no_devmapper", "no_zfs"),
    variables=(("github.com/containerd/containerd/v2/version.Version", "v2.4.2"),),
)
RUNC = Source(
    name="runc",
    title="runc",
    version="v1.5.2",
    module="github.com/opencontainers/runc",
    programs=("runc",),
    usual="1 min",
    tags=("netgo", "osusergo", "seccomp", "urfave_cli_no_docs"),
    variables=(("main.version", "1.5.2"),),
    static_c=True,
)
CNI = Source(
    name="cni",
    title="the CNI plugins",
    version="v1.9.1",
    module="github.com/containernetworking/plugins",
    programs=("bridge", "host-local", "loopback"),
    usual="half a minute",
)
COREDNS = Source(
    name="coredns",
    title="CoreDNS",
    version="v1.15.0",
    module="github.com/coredns/coredns",
    programs=("coredns",),
    usual="1 to 2 min",
    packages=".",
)
LOCALPATH = Source(
    name="localpath",
    title="local-path-provisioner",
    version="v0.0.30",
    module="github.com/rancher/local-path-provisioner",
    programs=("local-path-provisioner",),
    usual="1 to 2 min",
)
# What a node needs beside Kubernetes itself, the quick ones first: a failure is seen early.
NODE_SOURCES = (CNI, RUNC, COREDNS, LOCALPATH, CONTAINERD)
