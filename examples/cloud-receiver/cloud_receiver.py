"""A cloud that receives readings and alerts of sites, and sends commands to their devices; README.md has the API."""

import asyncio
import base64
import hashlib
import hmac
import os
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response

from command_queue import CommandQueue
from received_store import Batch, Result, Store

Returned = TypeVar("Returned")

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_TEXT_BYTES = 16 * 1024 * 1024
"""Maximum size of a body after decompression."""

GZIP_WINDOW = 31
Site = Annotated[str, Header(alias="Edge-Site", max_length=256)]


def token() -> str:
    """Return the token of all clients, as it is now in its file, or in its variable."""
    file = os.environ.get("CLOUD_RECEIVER_TOKEN_FILE")
    return (Path(file).read_text() if file else os.environ.get("CLOUD_RECEIVER_TOKEN", "")).strip()


def authorize(request: Request) -> None:
    """Reject a request without the token (401)."""
    given, right = request.headers.get("Authorization", "").encode(), token().encode()
    if not right or not hmac.compare_digest(given, b"Bearer " + right):
        raise HTTPException(401, "send the header `Authorization: Bearer <token>`", {"WWW-Authenticate": "Bearer"})


async def body_of(request: Request) -> bytes:
    """Return the complete body; reject one that is too large (413) or was changed on its way (503: send it again)."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"a body may have {MAX_BODY_BYTES} bytes: send fewer lines")
    digest = request.headers.get("Content-Digest")
    right = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    if digest is not None and digest.replace(" ", "") != right:
        raise HTTPException(503, "Content-Digest is not that of the body: send it again")
    return bytes(body)


def text_of(body: bytes, encoding: str) -> bytes:
    """Return the body without its compression; reject one that is not valid (400) or too large (413)."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise HTTPException(415, "Content-Encoding must be gzip")
    decompressor = zlib.decompressobj(GZIP_WINDOW)
    try:
        text = decompressor.decompress(body, MAX_TEXT_BYTES)
    except zlib.error as error:
        raise HTTPException(400, f"the body is not gzip: {error}") from error
    if decompressor.unconsumed_tail:
        raise HTTPException(413, f"a body may have {MAX_TEXT_BYTES} bytes after decompression: send fewer lines")
    if not decompressor.eof or decompressor.unused_data:
        raise HTTPException(400, "the body must be one complete gzip member")
    return text


def batch_of(request: Request, body: bytes) -> Batch:
    """Return the lines of a request; reject another number of them than `Edge-Lines` (400)."""
    text = text_of(body, request.headers.get("Content-Encoding", "").strip().lower())
    lines = text.removesuffix(b"\n").split(b"\n") if text else []
    if request.headers.get("Edge-Lines", str(len(lines))) != str(len(lines)):
        raise HTTPException(400, f"the body has {len(lines)} lines, not the number of the header Edge-Lines")
    return Batch(request.headers["Edge-Site"], request.headers.get("Edge-Log-Id", ""), lines)


def json(content: object, status: int = 200) -> Response:
    """Return an answer with JSON."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def objects(lines: Sequence[bytes]) -> Response:
    """Return an answer with stored lines, as a JSON array."""
    return Response(b"[" + b",".join(lines) + b"]", media_type="application/json")


@dataclass(frozen=True)
class Receiver:
    """What all requests share.

    Attributes:
        store: the database.
        commands: the commands in it.
        writer: the one thread that writes: a commit that waits for the disk does not hold up the event loop.
        reader: the one thread that answers queries.
    """

    store: Store
    commands: CommandQueue
    writer: ThreadPoolExecutor
    reader: ThreadPoolExecutor

    async def run(self, call: Callable[..., Returned], *arguments: Any) -> Returned:
        """Call a function that may write."""
        return await asyncio.get_running_loop().run_in_executor(self.writer, call, *arguments)

    async def query(self, call: Callable[..., Returned], *arguments: Any) -> Returned:
        """Call a function of the store that only reads."""
        return await asyncio.get_running_loop().run_in_executor(self.reader, call, *arguments)


def create_app() -> FastAPI:
    """Return the application; its settings are environment variables (README.md)."""
    path = Path(os.environ.get("CLOUD_RECEIVER_DATABASE", "cloud-receiver.db"))
    store = Store(path, os.environ.get("CLOUD_RECEIVER_SYNCHRONOUS", "FULL"))
    receiver = Receiver(store, CommandQueue(store), ThreadPoolExecutor(1, "writer"), ThreadPoolExecutor(1, "reader"))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        receiver.writer.shutdown()
        receiver.reader.shutdown()
        store.close()

    app = FastAPI(title="Cloud receiver", lifespan=lifespan)
    app.state.receiver = receiver
    app.include_router(routes)
    return app


def receiver_of(request: Request) -> Receiver:
    """Return the receiver of a request."""
    return request.app.state.receiver  # type: ignore[no-any-return]


Shared = Annotated[Receiver, Depends(receiver_of)]
Limit = Annotated[int, Query(ge=1, le=10_000)]
Wait = Annotated[str, Query(pattern="^[0-9]{1,2}s$")]
routes = APIRouter(dependencies=[Depends(authorize)])


async def add(request: Request, receiver: Receiver, write: Callable[[Batch], Result]) -> Response:
    """Store the lines of a request; the answer is 200 if every line is stored, else 422 with those that are not."""
    body = await body_of(request)

    def store() -> tuple[int, Result]:
        batch = batch_of(request, body)
        return len(batch.lines), write(batch)

    lines, result = await receiver.run(store)
    content: dict[str, Any] = {"accepted": lines - len(result.rejected), "repeated": result.repeated}
    if result.rejected:
        content["rejected"] = [{"line": line, "reason": reason} for line, reason in result.rejected]
    return json(content, 422 if result.rejected else 200)


@routes.post("/readings")
async def post_readings(request: Request, receiver: Shared, site: Site) -> Response:  # noqa: ARG001 - must be sent
    """Store readings."""
    return await add(request, receiver, receiver.store.add_readings)


@routes.post("/alerts")
async def post_alerts(request: Request, receiver: Shared, site: Site) -> Response:  # noqa: ARG001 - must be sent
    """Store alerts."""
    return await add(request, receiver, receiver.store.add_alerts)


@routes.get("/readings")
async def get_readings(receiver: Shared, site: str, device: str | None = None, limit: Limit = 100) -> Response:
    """Return stored readings, the newest first."""
    return objects(await receiver.query(receiver.store.readings, site, device, limit))


@routes.get("/alerts")
async def get_alerts(receiver: Shared, site: str, limit: Limit = 100) -> Response:
    """Return stored alerts, the newest first."""
    return objects(await receiver.query(receiver.store.alerts, site, limit))


@routes.get("/stats")
async def get_stats(receiver: Shared) -> Response:
    """Return how much is stored."""
    return json(await receiver.query(receiver.store.stats))


@routes.get("/commands")
async def get_commands(receiver: Shared, site: Site, wait: Wait = "0s") -> Response:
    """Return the commands for a site, as soon as there are some."""
    found = await receiver.commands.wait(site, int(wait[:-1]), receiver.run)
    return json({"commands": found}) if found else Response(status_code=204)


@routes.post("/commands")
async def post_command(request: Request, receiver: Shared) -> Response:
    """Enqueue a command."""
    return json(await receiver.commands.add(await body_of(request), receiver.run), 201)


@routes.get("/commands/{device}/{command}")
async def get_command(receiver: Shared, device: str, command: str) -> Response:
    """Return a command and its result."""
    return json(await receiver.run(receiver.commands.get, device, command))


@routes.post("/commands/{device}/{command}/result")
async def post_result(request: Request, receiver: Shared, device: str, command: str, site: Site) -> Response:
    """Store the result of a command."""
    await receiver.run(receiver.commands.finish, site, device, command, await body_of(request))
    return Response(status_code=204)
