"""A real image registry for tests, on loopback: `Registry(program, directory)`."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import Keeper
from e2e.cluster.ports import free_ports
from e2e.cluster.wait import until
from e2e.tools import ensure_tool
from tests.support.missing import not_run

HOST = "127.0.0.1"
NAME = "registry"
START_SECONDS = 60.0
ACCEPTED = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def registry_program() -> Path:
    """Return the program, built if it is missing; the test is not run where it cannot be built."""
    try:
        return ensure_tool(NAME)
    except HarnessError as error:
        not_run(error)


@dataclass(frozen=True)
class Registry:
    """One registry with its images in files.

    Attributes:
        program: the binary.
        directory: its configuration, images and log.
        port: of its HTTP API.
    """

    program: Path
    directory: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _keepers: list[Keeper] = field(default_factory=list, repr=False)

    @property
    def address(self) -> str:
        """Host and port, as in the name of an image."""
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        self.directory.mkdir(exist_ok=True)
        config = {
            "version": 0.1,
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": str(self.directory / "images")}},
            "http": {"addr": self.address},
        }
        (self.directory / "config.yml").write_text(yaml.safe_dump(config))
        self._keepers.append(Keeper(self.directory, tied=True))
        self._keepers[0].start(NAME, [str(self.program), "serve", str(self.directory / "config.yml")])
        if not until(lambda: self._get("/v2/") is not None, seconds=START_SECONDS):
            raise AssertionError(f"the registry does not answer: {self._keepers[0].log_tail(NAME)}")

    def end(self) -> None:
        """End it."""
        for keeper in self._keepers:
            keeper.end(NAME, grace=5.0)

    def repositories(self) -> set[str]:
        """Return the names of the repositories that have an image."""
        return set(json.loads(self._get("/v2/_catalog") or b"{}")["repositories"] or ())

    def config(self, image: str) -> dict[str, Any]:
        """Return the configuration of an image by its name here, such as `edge/edge-stack/edge-gateway:0.1.0`.

        Raises:
            AssertionError: the registry does not have the image.
        """
        name, _, tag = image.rpartition(":")
        manifest = self._get(f"/v2/{name}/manifests/{tag}")
        assert manifest, f"the registry has no {image}"
        config = self._get(f"/v2/{name}/blobs/{json.loads(manifest)['config']['digest']}")
        found: dict[str, Any] = json.loads(config or b"{}")
        return found

    def _get(self, path: str) -> bytes | None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"http://{self.address}{path}", headers={"Accept": ", ".join(ACCEPTED)})
        try:
            with opener.open(request, timeout=30) as answer:
                content: bytes = answer.read()
                return content
        except (OSError, urllib.error.HTTPError):
            return None
