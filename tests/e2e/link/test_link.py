"""The link between two kernels: what a client sees in each state, and that nothing of it stays."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import wait
from e2e.cluster.checkout import ROOT
from e2e.cluster.keeper import tied
from tests.support.link import Link, State
from tests.support.link.link import run_at

PORT = 8000
SERVER = """
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(100):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.daemon_threads = True
server = socketserver.ThreadingTCPServer(("0.0.0.0", 8000), Echo)
print("ready", flush=True)
server.serve_forever()
"""
CLIENT = """
import socket, sys
def ask(connection):
    connection.sendall(b"x")
    return connection.recv(1) == b"x"
try:
    with socket.create_connection(("cloud.far.test", 8000), timeout=2.5) as connection:
        print(ask(connection), flush=True)
        if len(sys.argv) > 1:
            input()
            print(ask(connection))
except (OSError, EOFError) as error:
    print(type(error).__name__)
"""
TLS = """
import socket, ssl, sys
context = ssl.create_default_context()
if sys.argv[1] == "careless":
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
with socket.create_connection(("kafka.far.test", 8000), timeout=3) as connection:
    try:
        context.wrap_socket(connection, server_hostname="kafka.far.test")
        print("accepted")
    except ssl.SSLCertVerificationError:
        print("refused")
"""


@pytest.fixture
def echo(link: Link) -> Iterator[Link]:
    """The link with a server that echoes at its far end."""
    command = tied([*link.far_prefix(), sys.executable, "-c", SERVER])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield link
        server.kill()


def routes() -> str:
    return subprocess.run(["ip", "route"], capture_output=True, text=True, check=True, timeout=20).stdout


def ask(link: Link, code: str, *arguments: str) -> str:
    return run_at(link.near_prefix(), [sys.executable, "-c", code, *arguments]).stdout.strip()


NEW = {
    State.REFUSED: "ConnectionRefusedError",
    State.BLACK_HOLE: "TimeoutError",
    State.HALF_OPEN: "TimeoutError",
    State.LOSS: "True",
    State.DELAY: "True",
    State.NO_NAMES: "gaierror",
    State.UP: "True",
}


def test_a_new_connection(echo: Link) -> None:
    found = {}
    for state in NEW:
        echo.enter(state)
        found[state] = ask(echo, CLIENT)
    assert found == NEW


OPEN = {
    State.REFUSED: "ConnectionResetError",
    State.BLACK_HOLE: "TimeoutError",
    State.HALF_OPEN: "TimeoutError",
    State.DELAY: "True",
    State.NO_NAMES: "ConnectionResetError",
    State.OTHER_CERTIFICATE: "ConnectionResetError",
}


@pytest.mark.parametrize("state", OPEN)
def test_an_open_connection(echo: Link, state: State) -> None:
    command = tied([*echo.near_prefix(), sys.executable, "-c", CLIENT, "wait"])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "True\n"
        echo.enter(state)
        said, _ = client.communicate("\n", timeout=20)
    assert said.strip() == OPEN[state]


def test_the_other_certificate_deceives_who_does_not_verify(echo: Link) -> None:
    echo.enter(State.OTHER_CERTIFICATE)
    assert ask(echo, TLS, "careful") == "refused"
    assert echo.figures()["deceived"] == 0
    assert ask(echo, TLS, "careless") == "accepted"
    assert wait.until(lambda: echo.figures()["deceived"] == 1, seconds=5)


def test_a_client_without_tls_is_deceived(echo: Link) -> None:
    echo.enter(State.OTHER_CERTIFICATE)
    ask(echo, CLIENT)
    assert wait.until(lambda: echo.figures()["deceived"] == 1, seconds=5)
    echo.enter(State.UP)
    assert ask(echo, CLIENT) == "True"


def test_nothing_stays_of_a_link_that_is_killed(link: Link) -> None:
    def interfaces() -> set[str]:
        return {name for name in os.listdir("/sys/class/net") if name.startswith("edge-")}  # noqa: PTH208

    before = interfaces()
    os.kill(link.pid, signal.SIGKILL)
    assert wait.until(lambda: len(interfaces()) == len(before) - 1, seconds=10)
    assert str(link.far) not in routes()


def test_a_link_ends_with_the_process_that_started_it(link: Link, tmp_path: Path) -> None:
    code = f"from pathlib import Path\nfrom tests.support.link import Link\nl = Link(Path({str(tmp_path)!r})).start()\n"
    code += "print(l.far, l.pid, flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as owner:
        assert owner.stdout is not None
        far, pid = owner.stdout.readline().split()
        owner.kill()
    assert wait.until(lambda: not Path(f"/proc/{pid}").exists(), seconds=10)
    assert far not in routes()
