"""Gateways as processes, beside a real broker and a real store."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from edge_wire.messages import ApiRole, ApiTokenEntry, ApiTokenList, token_digest
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST

TOKEN = "the-token-of-the-site"
"""Without a list: its role is Operate."""

TOKENS = {"reader": ApiRole.READ, "operator": ApiRole.OPERATE, "admin": ApiRole.ADMIN}
"""Roles of the tokens in the list, each with its name as the token."""

LOCATION = "hall-1"


@dataclass(frozen=True)
class Answer:
    """What a request was answered."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Gateway:
    """One gateway.

    Attributes:
        process: it.
        site: whose.
    """

    process: ServiceProcess
    site: Site

    def port(self, what: str) -> int:
        """Return where it listens since its last start for HTTP, HTTPS, mqtt or mqtts; 0 while that is not known."""
        found = re.findall(rf'"(?:passing )?{what} on port ([0-9]+)', self.process.log.read_text())
        return int(found[-1]) if found else 0

    @property
    def url(self) -> str:
        """Where it serves HTTP."""
        return f"http://{HOST}:{self.port('HTTP')}"

    async def ask(
        self, method: str, path: str, *, token: str | None = TOKEN, device: str | None = None, **options: Any
    ) -> Answer:
        """Send a request: with the site's token, or as a device with its password, or with neither."""
        headers = dict(options.pop("headers", {}))
        if device is not None:
            password = self.site.broker.passwords.get(device, "none")
            headers["Authorization"] = aiohttp.encode_basic_auth(device, password)
        elif token is not None:
            headers["Authorization"] = f"Bearer {token}"
        base = options.pop("base", self.url)
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
            session.request(method, URL(f"{base}{path}", encoded=True), headers=headers, **options) as response,
        ):
            is_json = response.content_type.endswith(("/json", "+json"))
            body = await response.json(content_type=None) if is_json else await response.text()
            return Answer(response.status, body, response.headers)

    async def figure(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples that carry `labels`."""
        total = 0.0
        for line in (await self.ask("GET", "/metrics", token=None)).body.splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == name and all(f'{key}="{text}"' in sample for key, text in labels.items()):
                total += float(value)
        return total


@dataclass
class Gateways:
    """Makes the gateways of a site and ends them all.

    Attributes:
        site: whose.
        directory: of their logs and files.
    """

    site: Site
    directory: Path
    made: list[Gateway] = field(default_factory=list)

    def __call__(
        self, name: str = "gateway-a", *, ready: bool = True, prefix: Sequence[str] = (), **settings: str
    ) -> Gateway:
        """Return a running gateway that is ready, unless that is not asked for; `prefix` precedes its command."""
        token = self.directory / "token"
        token.write_text(TOKEN)
        tokens = self.directory / "tokens.json"
        entries = (ApiTokenEntry(name, role, token_digest(name)) for name, role in TOKENS.items())
        tokens.write_bytes(ApiTokenList(tuple(entries)).encode())
        environment = {
            "HOSTNAME": name,
            "EDGE_LOCATION": LOCATION,
            "EDGE_CREDENTIALS_DIR": str(self.site.broker.credentials("~gateway")),
            "MQTT_BROKER": self.site.broker.components_url,
            "DEVICE_MQTT_BROKER": self.site.broker.url,
            "STORAGE_URL": self.site.store_url,
            "API_TOKEN_FILE": str(token),
            "API_TOKENS_FILE": str(tokens),
            "ALLOW_PLAINTEXT_CREDENTIALS": "true",
            "MQTT_PORT": "0",
        }
        process = ServiceProcess("edge_gateway", self.directory, name, environment | settings, prefix=prefix)
        gateway = Gateway(process, self.site)
        self.made.append(gateway)
        gateway.process.start()
        if ready:
            gateway.process.await_ready()
        return gateway

    def end(self) -> None:
        """End every gateway that still runs."""
        for gateway in self.made:
            gateway.process.kill()

    @asynccontextmanager
    async def several(self, *names: str) -> AsyncIterator[list[Gateway]]:
        """Run several gateways for a while."""
        gateways = [self(name) for name in names]
        try:
            yield gateways
        finally:
            for gateway in gateways:
                gateway.process.stop()
