"""A reader of docs/ who types what the pages say, on a cluster of the harness."""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.checkout import ROOT, kubectl_binary
from e2e.cluster.ports import free_ports
from e2e.documents import Block, blocks, script
from e2e.kubernetes import Kubernetes
from e2e.mosquitto.build import ensure_mosquitto
from e2e.tools import ensure_tool

SECONDS = 600.0
PAGES = ROOT / "docs"


@dataclass(frozen=True)
class Reader:
    """Has kubectl, helm and the clients of Mosquitto, and a namespace that is the current one.

    Attributes:
        cluster: where the commands go.
        namespace: the current namespace.
        home: what is theirs on this machine: programs, and a checkout in which they leave files.
    """

    cluster: Kubernetes
    namespace: str
    home: Path

    def prepare(self) -> None:
        """Make the namespace, the programs and the kubeconfig."""
        self.cluster.make_namespace(self.namespace)
        programs = self.home / "bin"
        programs.mkdir(parents=True, exist_ok=True)
        mosquitto = ensure_mosquitto() / "bin"
        clients = ((name, mosquitto / name) for name in ("mosquitto_pub", "mosquitto_sub"))
        for name, path in (("kubectl", kubectl_binary()), ("helm", ensure_tool("helm")), *clients):
            (programs / name).unlink(missing_ok=True)
            (programs / name).symlink_to(path)
        self._make_checkout()
        self._kubeconfig.write_bytes(self.cluster.kubeconfig.read_bytes())
        self._kubeconfig.chmod(0o600)
        self.run_text(f"kubectl config set-context --current --namespace={self.namespace}")

    def run(self, parts: Iterable[Block], **variables: str) -> str:
        """Type the commands of blocks, one after the other; what was printed.

        Args:
            parts: the blocks.
            variables: of the shell, which the page asks the reader to set.

        Raises:
            AssertionError: one failed; with everything that was printed, and the block's place.
        """
        http, https, mqtts = free_ports(3)
        replaced = {
            "8080:80": f"{http}:80",
            "localhost:8080": f"localhost:{http}",
            "8443:443": f"{https}:443",
            "localhost:8443": f"localhost:{https}",
            "8883:8883": f"{mqtts}:8883",
            "-p 8883": f"-p {mqtts}",
            "localhost 8883": f"localhost {mqtts}",
        }
        text = script(list(parts), replaced)
        return self.run_text("".join(f"export {name}={value}\n" for name, value in variables.items()) + text)

    def run_text(self, text: str) -> str:
        """Run a script of bash; what was printed. Raises as `run` does."""
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self._checkout,
            env={
                "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
                "HOME": str(self.home),
                "KUBECONFIG": str(self._kubeconfig),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"a command of the page ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def _make_checkout(self) -> None:
        """Link everything of this checkout, except that their `.edge` has only our Python in it."""
        (self._checkout / ".edge").mkdir(parents=True)
        (self._checkout / ".edge" / "venv").symlink_to(ROOT / ".edge" / "venv")
        for each in ROOT.iterdir():
            if each.name != ".edge":
                (self._checkout / each.name).symlink_to(each)

    @property
    def _checkout(self) -> Path:
        return self.home / "checkout"

    @property
    def _kubeconfig(self) -> Path:
        return self.home / "kubeconfig"


def sections(page: str, *, but: str = "", only: str = "") -> list[Block]:
    """Return the blocks of a page of docs/: of all sections, of all `but` one, or of `only` one."""
    found = blocks(PAGES / page)
    return [block for block in found if block.section != but and only in ("", block.section)]
