"""`python -m tests.support.forkserver.server MODULE FD`: imports MODULE and forks it on request.

Each request is one packet on the socket FD: JSON with `arguments` and `environment`, and the descriptors of standard
output, standard error and of a pipe. The pipe gets the process id and, when the process has ended, its wait status, a
line each. The server ends when the other end of the socket is closed; its children are killed with it.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from e2e.cluster import launcher

LARGEST_REQUEST = 128 * 1024
READ_THE_ENVIRONMENT = ("kubernetes.config.kube_config", "kubernetes.config")
"""Modules that read it when they are imported (KUBECONFIG), each after those that it imports."""


@dataclass(frozen=True)
class Request:
    """What a forked process is to run with.

    Attributes:
        arguments: of the program, without its name.
        environment: all of it.
    """

    arguments: Sequence[str]
    environment: dict[str, str]


@dataclass
class Server:
    """Forks the imported program.

    Attributes:
        control: where requests come from.
    """

    control: socket.socket
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> Request | None:
        """Return None when no more requests can come, or, in each forked process, its request."""
        self._selector.register(self.control, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._reap(key.fd, *key.data)
                    continue
                packet, descriptors, _, _ = socket.recv_fds(self.control, LARGEST_REQUEST, 3)
                if not packet:
                    return None
                if self._fork(*descriptors):
                    return Request(**json.loads(packet))

    def _fork(self, output: int, error: int, status: int) -> bool:
        """Fork; return whether this is the new process."""
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            _tie_to(server)
            os.dup2(output, 1)
            os.dup2(error, 2)
            self._selector.close()
            self.control.detach()
            # What is left belongs to the server: its socket, and the pipes of other processes.
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            return True
        os.close(output)
        os.close(error)
        os.write(status, f"{pid}\n".encode())
        self._selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, status))
        return False

    def _reap(self, pidfd: int, pid: int, status: int) -> None:
        self._selector.unregister(pidfd)
        os.close(pidfd)
        _, wait_status = os.waitpid(pid, 0)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(status, f"{wait_status}\n".encode())
        os.close(status)


def _tie_to(server: int) -> None:
    """Have the kernel kill this process when the server ends."""
    if not launcher.tie() or os.getppid() != server:
        os._exit(1)


def main(module: str, control: int) -> None:
    """Serve; in each forked process, run the module as `python -m` does."""
    importlib.import_module(f"{module}.__main__")
    # The forked process runs it under the name `__main__`: all that it imports is there already.
    del sys.modules[f"{module}.__main__"]
    # What is imported stays: the garbage collectors of the forked processes need not look at it.
    gc.freeze()
    request = Server(socket.socket(fileno=control)).serve()
    if request is None:
        return
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    for name in READ_THE_ENVIRONMENT:
        if name in sys.modules:
            importlib.reload(sys.modules[name])
    sys.argv = [module, *request.arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
