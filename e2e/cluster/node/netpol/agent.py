"""Keeps the packet filter as the policies say: `agent.py HOST:PORT CA CERTIFICATE KEY READY`; runs in the node.

READY is a file that is made once the policies are enforced for the first time.
"""

import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from e2e.cluster.node.netpol.rules import FORWARD, INPUT, Chains, chains
from e2e.cluster.node.netpol.world import World

PODS, NAMESPACES, POLICIES = (
    "/api/v1/pods",
    "/api/v1/namespaces",
    "/apis/networking.k8s.io/v1/networkpolicies",
)
# This table's chains see packets first, and kube-proxy has no chain of its own in front of ours there.
TABLE = "mangle"
HOOKS = {"FORWARD": FORWARD, "INPUT": INPUT}
WATCH_SECONDS = 300
REQUEST_SECONDS = 10.0
RETRY_SECONDS = 0.5
FAILURES = (OSError, http.client.HTTPException, ValueError)


@dataclass(frozen=True)
class Api:
    """The API server at `host:port`, and the event that something has changed there."""

    server: str
    context: ssl.SSLContext
    changed: threading.Event = field(default_factory=threading.Event)

    def list(self, path: str) -> list[Any]:
        """All objects of a kind."""
        items: list[Any] = self._get(path)["items"]
        return items

    def watch(self, path: str) -> None:
        """Set the event at each change, for ever."""
        while True:
            try:
                version = self._get(f"{path}?limit=1")["metadata"]["resourceVersion"]
                self.changed.set()
                query = f"?watch=1&resourceVersion={version}&timeoutSeconds={WATCH_SECONDS}"
                with self._open(f"{path}{query}", WATCH_SECONDS + REQUEST_SECONDS) as events:
                    for _ in events:
                        self.changed.set()
            except FAILURES as error:
                say(f"watching {path} failed: {error}")
                time.sleep(RETRY_SECONDS)

    def _get(self, path: str) -> dict[str, Any]:
        with self._open(path, REQUEST_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    @contextmanager
    def _open(self, path: str, seconds: float) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPSConnection(self.server, timeout=seconds, context=self.context)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                raise OSError(f"the API server answers {response.status} {response.reason}")
            yield response
        finally:
            connection.close()


def say(message: str) -> None:
    """A line for the log."""
    print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)


def restore_input(wanted: Chains, before: Chains) -> str:
    """What `iptables-restore --noflush` is given: all of it takes effect at once, or none."""
    gone = sorted(set(before) - set(wanted))
    declared = [f":{name} - [0:0]" for name in sorted({*wanted, *before})]
    rules = [f"-A {name} {rule}" for name, chain in wanted.items() for rule in chain]
    return "\n".join([f"*{TABLE}", *declared, *rules, *(f"-X {name}" for name in gone), "COMMIT", ""])


def _run(*command: str, given: str | None = None) -> None:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stderr.strip()}\n{given or ''}")


def _hook() -> None:
    for base, ours in HOOKS.items():
        there = subprocess.run(
            ["iptables", "-w", "5", "-t", TABLE, "-C", base, "-j", ours], capture_output=True, check=False, timeout=60
        )
        if there.returncode != 0:
            _run("iptables", "-w", "5", "-t", TABLE, "-I", base, "-j", ours)


def _left_by_an_earlier_agent() -> Chains:
    listing = ["iptables-save", "-t", TABLE]
    saved = subprocess.run(listing, capture_output=True, text=True, check=False, timeout=60).stdout
    return {line[1:].split()[0]: () for line in saved.splitlines() if line.startswith(":EDGE-")}


def enforce(api: Api, ready: Path) -> None:
    """Follow the policies, for ever."""
    applied = _left_by_an_earlier_agent()
    while True:
        api.changed.wait()
        api.changed.clear()
        try:
            wanted = chains(World.parse(api.list(PODS), api.list(NAMESPACES), api.list(POLICIES)))
            if wanted != applied:
                _run("iptables-restore", "-w", "5", "--noflush", given=restore_input(wanted, applied))
                _hook()
                applied = wanted
                ready.touch()
        except FAILURES as error:
            say(f"not enforced yet, trying again: {error}")
            time.sleep(RETRY_SECONDS)
            api.changed.set()


def main(arguments: list[str]) -> None:
    """Start."""
    server, authority, certificate, key, ready = arguments
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    api = Api(server, context)
    for path in (PODS, NAMESPACES, POLICIES):
        threading.Thread(target=api.watch, args=(path,), daemon=True).start()
    enforce(api, Path(ready))


if __name__ == "__main__":
    main(sys.argv[1:])
