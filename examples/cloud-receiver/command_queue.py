"""Commands for devices: a site fetches them by a long poll and posts their results."""

import asyncio
import datetime as dt
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import HTTPException

from received_store import Store

REPEAT_SECONDS = 10.0
"""Seconds after which a command without a result is sent to its site again."""

LIFETIME_SECONDS = 300.0
"""Seconds until a command expires, if it does not say when."""

Run = Callable[..., Awaitable[Any]]
"""Runs a function with its arguments in the thread of the database."""


class CommandQueue:
    """The commands in the receiver's database.

    Args:
        store: has the database.
    """

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._added = asyncio.Event()

    async def wait(self, site: str, seconds: float, run: Run) -> list[Any]:
        """Return the commands for a site as soon as there are some, or none after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            added = self._added
            found: list[Any] = await run(self._due, site)
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            try:
                async with asyncio.timeout(min(left, REPEAT_SECONDS)):
                    await added.wait()
            except TimeoutError:
                pass

    async def add(self, body: bytes, run: Run) -> dict[str, Any]:
        """Enqueue the command in `body`, a JSON object with `device_id`; return it as a site gets it."""
        command = _object(body)
        site = command.pop("site", None) or await run(self._only_site)
        if not isinstance(command.get("device_id"), str) or not isinstance(site, str):
            raise HTTPException(422, "device_id and site must be strings")
        command.setdefault("command_id", str(uuid.uuid4()))
        expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=LIFETIME_SECONDS)
        command.setdefault("expires_at", expires.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        await run(self._insert, site, command)
        self._added, added = asyncio.Event(), self._added
        added.set()
        return {"site": site, **command}

    def get(self, device: str, command: str) -> dict[str, Any]:
        """Return a command with its result; null while there is none."""
        row = self._database.execute(
            "SELECT site, body, result FROM commands WHERE device = ? AND id = ?", (device, command)
        ).fetchone()
        if row is None:
            raise HTTPException(404, "there is no such command")
        return {"site": row[0], **orjson.loads(row[1]), "result": orjson.loads(row[2] or b"null")}

    def finish(self, site: str, device: str, command: str, body: bytes) -> None:
        """Store the result of a command; it is not sent to its site again."""
        result = orjson.dumps(_object(body))
        with self._database as database:
            found = database.execute(
                "UPDATE commands SET result = ? WHERE site = ? AND device = ? AND id = ?",
                (result, site, device, command),
            )
        if not found.rowcount:
            raise HTTPException(404, "there is no such command")

    def _due(self, site: str) -> list[Any]:
        now = time.time()
        with self._database as database:
            rows = database.execute(
                "UPDATE commands SET sent = :now WHERE site = :site AND result IS NULL AND expires > :now"
                " AND sent < :before RETURNING body",
                {"now": now, "site": site, "before": now - REPEAT_SECONDS},
            ).fetchall()
        return [orjson.loads(body) for (body,) in rows]

    def _insert(self, site: str, command: dict[str, Any]) -> None:
        try:
            expires = dt.datetime.fromisoformat(command["expires_at"]).timestamp()
        except (TypeError, ValueError) as error:
            raise HTTPException(422, "expires_at must be a time such as 2030-01-01T12:00:00Z") from error
        with self._database as database:
            added = database.execute(
                "INSERT OR IGNORE INTO commands (site, device, id, body, expires) VALUES (?, ?, ?, ?, ?)",
                (site, command["device_id"], str(command["command_id"]), orjson.dumps(command), expires),
            )
        if not added.rowcount:
            raise HTTPException(409, "there is a command with this command_id")

    def _only_site(self) -> str:
        sites = self._database.execute("SELECT DISTINCT site FROM sources LIMIT 2").fetchall()
        if len(sites) != 1:
            raise HTTPException(422, "name the site: more than one has sent readings, or none")
        return str(sites[0][0])


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HTTPException(422, f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise HTTPException(422, "the body must be a JSON object")
    return found
