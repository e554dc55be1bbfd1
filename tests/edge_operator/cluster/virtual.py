"""An event loop that jumps to the next timer when nothing is left to do: tests of minutes last milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

Ready = list[tuple[selectors.SelectorKey, int]]
STUCK_SECONDS = 30.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class _Selector(selectors.SelectSelector):
    """Waits for sockets for `grace` real seconds at most, then lets the clock jump.

    Attributes:
        working: how many calls are in threads; the clock stands until they are done, however long a busy machine takes.
    """

    def __init__(self, clock: Clock, grace: float, each_turn: Callable[[], None]) -> None:
        super().__init__()
        self._clock = clock
        self._grace = grace
        self._each_turn = each_turn
        self.working = 0

    def select(self, timeout: float | None = None) -> Ready:
        self._each_turn()
        if timeout is None or (self.working and timeout > 0):
            ready = super().select(STUCK_SECONDS)
            if not ready:
                raise RuntimeError("nothing is left that could ever happen")
            return ready
        ready = super().select(min(timeout, self._grace))
        if not ready:
            self._clock.now += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on a clock of its own.

    Args:
        grace: real seconds to wait for sockets before the clock jumps; 0 without sockets.
        each_turn: called in each turn of the loop.
    """

    def __init__(self, grace: float, each_turn: Callable[[], None]) -> None:
        self.clock = Clock()
        self._waiting = _Selector(self.clock, grace, each_turn)
        super().__init__(self._waiting)

    def time(self) -> float:
        return self.clock.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], T], *args: *Arguments
    ) -> "asyncio.Future[T]":
        self._waiting.working += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._worked)
        return future

    async def shutdown_default_executor(self, _timeout: float | None = None) -> None:
        # Without the limit that Python 3.12 and later give it: the clock would jump over it.
        await super().shutdown_default_executor()

    def _worked(self, _: "asyncio.Future[Any]") -> None:
        self._waiting.working -= 1


def run_virtual(
    main: Coroutine[Any, Any, T], *, sockets: bool = False, each_turn: Callable[[], None] = lambda: None
) -> T:
    """Run `main` on a virtual clock; `sockets` where it talks over loopback."""

    armed = True

    def check() -> None:
        if armed:
            each_turn()

    def make() -> asyncio.AbstractEventLoop:
        return VirtualLoop(0.002 if sockets else 0.0, check)

    with asyncio.Runner(loop_factory=make) as runner:
        try:
            return runner.run(main)
        finally:
            armed = False  # the tasks are ended in peace


def now() -> float:
    """Return the running loop's time."""
    return asyncio.get_running_loop().time()
