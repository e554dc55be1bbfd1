"""What blocks is run beside the event loop, and holds up neither it nor the end of the process."""

import asyncio
import subprocess
import sys
import threading

import pytest

from edge_service import daemon_thread

pytestmark = pytest.mark.process

END_SECONDS = 10.0
"""Generous for an interpreter's start and end, and far less than what blocks."""

BLOCKED = """
import asyncio, threading
from edge_service import daemon_thread

async def main():
    started = threading.Event()
    daemon_thread.start(lambda: (started.set(), threading.Event().wait(300)), "blocked")
    await asyncio.to_thread(started.wait)

asyncio.run(main())
"""


async def test_the_result_comes_back() -> None:
    assert await daemon_thread.start(lambda: 7, "seven") == 7


async def test_an_error_comes_back() -> None:
    def refuse() -> None:
        raise OSError("no such name")

    with pytest.raises(OSError, match="no such name"):
        await daemon_thread.start(refuse, "refuse")


async def test_the_result_of_a_cancelled_call_is_dropped() -> None:
    gate, ended = threading.Event(), threading.Event()

    def wait() -> None:
        gate.wait(END_SECONDS)
        ended.set()

    done = daemon_thread.start(wait, "wait")
    done.cancel()
    gate.set()
    assert await asyncio.to_thread(ended.wait, END_SECONDS)
    await asyncio.sleep(0)
    assert done.cancelled()


async def test_many_at_once_do_not_wait_for_each_other() -> None:
    gate = threading.Event()
    blocked = [daemon_thread.start(lambda: gate.wait(END_SECONDS), "blocked") for _ in range(200)]
    async with asyncio.timeout(END_SECONDS):
        assert await daemon_thread.start(lambda: "free", "free") == "free"
    gate.set()
    assert all(await asyncio.gather(*blocked))


def test_the_process_ends_while_a_call_blocks() -> None:
    subprocess.run([sys.executable, "-c", BLOCKED], check=True, timeout=END_SECONDS)
