"""Starts the wire, changes its state, and says how programs are run at either end."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied
from tests.support.link.names import DOMAIN
from tests.support.link.state import State
from tests.support.link.tun import DEVICE

IN_A_MOUNT_NAMESPACE = ("/usr/bin/env", "unshare", "--mount", "--propagation", "private", "sh", "-c")
WITH_NAMES = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


def reason_against() -> str | None:
    """Return why there can be no link on this machine, in words that follow "because"; None if there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a network namespace needs root on Linux"
    if not Path(DEVICE).exists():
        return f"there is no {DEVICE}: load the kernel module tun"
    lacking = [name for name in ("ip", "nsenter", "unshare", "mount") if not shutil.which(name)]
    return f"{lacking[0]} is not installed (Debian: iproute2, util-linux, mount)" if lacking else None


@dataclass
class Link:
    """A link to a far end with one address; each name below `far.test` is that address.

    The wire is a process that is killed with this one; the interfaces are removed with it.

    Attributes:
        directory: of its files.
    """

    directory: Path
    near: str = field(init=False)
    far: str = field(init=False)
    _process: "subprocess.Popen[str] | None" = field(default=None, init=False)

    def start(self) -> Self:
        """Start the wire; the link is up.

        Raises:
            HarnessError: this machine cannot have one.
        """
        if reason := reason_against():
            raise HarnessError(f"no link can be disturbed here, because {reason}")
        number = secrets.randbelow(1 << 15)
        # 198.18.0.0/15 is for tests of network devices (RFC 2544): no machine has it.
        block = f"198.{18 + (number >> 14)}.{(number >> 6) & 255}"
        first = (number & 63) * 4
        self.near, self.far = f"{block}.{first + 1}", f"{block}.{first + 2}"
        self.resolver.write_text(f"nameserver {self.far}\noptions timeout:1 attempts:2\n")
        ends = ("--interface", f"edge-{secrets.token_hex(4)}", "--near", self.near, "--far", self.far)
        module = [sys.executable, "-m", "tests.support.link.agent", *ends, "--directory", str(self.directory)]
        with (self.directory / "link.log").open("ab") as log:
            self._process = subprocess.Popen(
                tied(module), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._answer()
        return self

    @property
    def resolver(self) -> Path:
        """Configuration of the name server, as /etc/resolv.conf has it."""
        return self.directory / "resolv.conf"

    @property
    def pid(self) -> int:
        """Process id of the wire."""
        assert self._process is not None
        return self._process.pid

    def name(self, host: str) -> str:
        """Return the full name of a host of the far end."""
        return f"{host}.{DOMAIN}"

    def enter(self, state: State) -> None:
        """Change the state of the link; returns when it has changed."""
        self._ask(state)

    def figures(self) -> dict[str, int]:
        """Return numbers of bytes and packets by direction, and of clients that the other certificate has deceived."""
        return {"deceived": 0, **self._ask("figures")}

    def near_prefix(self) -> list[str]:
        """Return what precedes the command of a program of this machine, so that it has the names of the far end."""
        return [*IN_A_MOUNT_NAMESPACE, WITH_NAMES, str(self.resolver)]

    def far_prefix(self) -> list[str]:
        """Return what precedes the command of a program that runs at the far end."""
        return ["/usr/bin/env", "nsenter", f"--net=/proc/{self.pid}/ns/net", *self.near_prefix()]

    def end(self) -> None:
        """Remove it."""
        if self._process is not None:
            with self._process as process:
                process.kill()
            self._process = None

    def _ask(self, line: str) -> dict[str, int]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, int]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise HarnessError(f"the link has ended: {(self.directory / 'link.log').read_text()[-1000:]}")
        facts: dict[str, int] = json.loads(line)
        return facts


def run_at(prefix: Sequence[str], command: Sequence[str], seconds: float = 20.0) -> "subprocess.CompletedProcess[str]":
    """Run a command at one end of a link for at most `seconds`."""
    full = [*prefix, *command]
    return subprocess.run(full, capture_output=True, text=True, check=False, timeout=seconds, cwd=ROOT)
