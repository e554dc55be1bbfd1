"""A real Kubernetes control plane on loopback, without root and without Docker."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from e2e.cluster import daemons, kubeconfig, pki, wait
from e2e.cluster.daemons import APISERVER, CONTROLLERS, ETCD, SCHEDULER, Layout, Ports
from e2e.cluster.errors import HarnessError, PortTakenError
from e2e.cluster.files import write_atomically
from e2e.cluster.keeper import Keeper
from e2e.cluster.ports import free_ports
from e2e.cluster.request import Requester

ALL = (ETCD, APISERVER, CONTROLLERS, SCHEDULER)
READY_SECONDS = 90.0
# Open watches keep a graceful end of the API server waiting for a minute; nothing is lost by not waiting.
GRACE_SECONDS = 2.0
PORT_ATTEMPTS = 5
REPLICASETS = "replicaset-controller"
OF_PODS = (
    REPLICASETS,
    "endpoints-controller",
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
)
"""The controllers that make pods, and those that follow them."""

# By default messages are dropped: they go to `str`.
Say = Callable[[str], object]


@dataclass(frozen=True)
class Options:
    """What can differ between control planes.

    pods: ReplicaSets get pods, pods are scheduled and Services get endpoints. Without a node no pod runs anyway, and
        this is a third of the writes.
    tied: the daemons die with this process, even when it is killed.
    fsync: etcd survives a power cut; tests are faster without.
    apiserver_args: more arguments, the last wins, for instance `--min-request-timeout=5` to end watches early.
    prefix: a command that the daemons are run by, such as `nsenter --net=…`; it must become the daemon, not its parent.
    """

    pods: bool = True
    tied: bool = True
    fsync: bool = False
    apiserver_args: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()


@dataclass(frozen=True)
class ControlPlane:
    """etcd, kube-apiserver, kube-controller-manager and kube-scheduler under one directory."""

    directory: Path
    binary: Path
    ports: Ports
    options: Options = field(default_factory=Options)

    @cached_property
    def keeper(self) -> Keeper:
        """What starts and ends the daemons; tied ones live as long as this object."""
        return Keeper(self.directory, tied=self.options.tied)

    @property
    def server(self) -> str:
        """The API server's URL."""
        return self.ports.server

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._layout.kubeconfig("admin")

    @property
    def audit_log(self) -> Path:
        """One JSON line for each request that was answered."""
        return self._layout.audit_log

    @property
    def requester(self) -> Requester:
        """Plain HTTPS requests as the administrator."""
        return Requester(self.ports.apiserver, self._pki, self.ports.address)

    def start(self, say: Say = str) -> None:
        """Start what is not running and return when it serves; data of an earlier start is still there.

        Raises:
            PortTakenError: another program has one of the ports.
            HarnessError: a daemon ended or does not answer; what had started is ended again.
        """
        self._write_files()
        try:
            self._start_daemons(say)
        except BaseException:
            self.stop()
            self.keeper.end_strays(grace=0)
            raise

    def stop(self) -> None:
        """End all daemons and keep the data; fine when they are not running."""
        self.keeper.end(CONTROLLERS, SCHEDULER, APISERVER, grace=GRACE_SECONDS)
        self.keeper.end(ETCD, grace=GRACE_SECONDS)

    def running(self) -> tuple[str, ...]:
        """The names of the running daemons."""
        return tuple(name for name in ALL if self.keeper.find(name))

    @contextmanager
    def replicasets(self) -> Iterator[None]:
        """Have ReplicaSets make pods for a while, where the options say that there are none."""
        name = f"{CONTROLLERS}-{REPLICASETS}"
        self.keeper.start(
            name, [*self.options.prefix, str(self.binary), *daemons.controllers(self._layout, only=(REPLICASETS,))]
        )
        try:
            yield
        finally:
            self.keeper.end(name, grace=GRACE_SECONDS)

    def ready(self) -> bool:
        """Whether the API server says it is ready."""
        return self.requester.status("/readyz") == HTTPStatus.OK

    def stop_apiserver(self, *, grace: float = GRACE_SECONDS) -> None:
        """Take the API server away; with `grace=0` as a crash would. The other daemons keep running."""
        self.keeper.end(APISERVER, grace=grace)

    def start_apiserver(self) -> None:
        """Bring the API server back on the same port with the same data; returns when it is ready.

        Raises:
            HarnessError: it ended or does not answer.
        """
        self._start(daemons.apiserver(self._layout, self.ports, self.options.apiserver_args))
        self._await(APISERVER, self.ready)

    def pause_apiserver(self) -> None:
        """Freeze the API server: connections stay open and nothing is answered."""
        self.keeper.signal(APISERVER, signal.SIGSTOP)

    def resume_apiserver(self) -> None:
        """Undo `pause_apiserver`."""
        self.keeper.signal(APISERVER, signal.SIGCONT)

    def kubeconfig_for(self, user: str, groups: Iterable[str], path: Path) -> Path:
        """Write a kubeconfig (mode 0600) with a fresh client certificate for a user in these groups."""
        client = pki.Authority.read(self._pki, "ca").issue(user, groups)
        return kubeconfig.write(path, server=self.server, pki=self._pki, client=client, user=user)

    @property
    def _pki(self) -> Path:
        return self.directory / "pki"

    @property
    def _layout(self) -> Layout:
        return Layout(self.directory)

    def _write_files(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.ports.write(self.directory)
        pki.ensure(self._pki, self.ports.names)
        write_atomically(self._layout.audit_policy, daemons.AUDIT_POLICY)
        for name, user in daemons.USERS.items():
            path, client = self._layout.kubeconfig(name), pki.Pair.read(self._pki, name)
            kubeconfig.write(path, server=self.server, pki=self._pki, client=client, user=user)

    def _start_daemons(self, say: Say) -> None:
        if not {ETCD, APISERVER} <= set(self.running()):
            # A daemon that has lost its etcd or API server may still run now, and fail or end in a moment.
            self.keeper.end(CONTROLLERS, SCHEDULER, APISERVER, grace=GRACE_SECONDS)
        self._start(daemons.etcd(self._layout, self.ports, fsync=self.options.fsync))
        say("etcd started")
        self.start_apiserver()
        say(f"kube-apiserver ready at {self.server}")
        self._start(daemons.controllers(self._layout, without=() if self.options.pods else OF_PODS))
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._await(CONTROLLERS, lambda: self.requester.status(account) == HTTPStatus.OK)
        say(f"{CONTROLLERS} works")
        if self.options.pods:
            self._start(daemons.scheduler(self._layout))
            self._await(SCHEDULER, lambda: True)
            say(f"{SCHEDULER} works")

    def _start(self, command: list[str]) -> None:
        self.keeper.start(command[0], [*self.options.prefix, str(self.binary), *command])

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        needed = {ETCD, APISERVER, name}

        def settled() -> bool:
            return not needed <= set(self.running()) or ready()

        answered = wait.until(settled, seconds=READY_SECONDS)
        for daemon in sorted(needed - set(self.running())):
            tail = self.keeper.log_tail(daemon)
            if "address already in use" in tail:
                raise PortTakenError(f"another program has {daemon}'s port ({self.ports})")
            raise HarnessError(f"{daemon} ended; the end of {self.keeper.log(daemon)} says why:\n{tail}")
        if not answered:
            raise HarnessError(f"{name} is not ready after {READY_SECONDS:.0f} s; see {self.keeper.log(name)}")


def _free_ports() -> Ports:
    etcd, apiserver = free_ports(2)
    return Ports(etcd, apiserver)


def launch(
    directory: Path,
    binary: Path,
    options: Options | None = None,
    say: Say = str,
    ports: Ports | None = None,
) -> ControlPlane:
    """Start a control plane on free ports, `ports` first if given.

    Raises:
        HarnessError: a daemon does not start, or five sets of ports were taken.
    """
    for _ in range(PORT_ATTEMPTS):
        plane = ControlPlane(directory, binary, ports or _free_ports(), options or Options())
        try:
            plane.start(say)
        except PortTakenError as taken:
            say(f"{taken}; trying others")
            ports = None
        else:
            return plane
    raise HarnessError(f"{PORT_ATTEMPTS} times another program took a port first; try again")
