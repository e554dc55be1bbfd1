"""Work in forks: results, and ends by a limit."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from e2e.tools.mutate.forks import Limit, each, result_of

pytestmark = pytest.mark.process

PLENTY = Limit(cpu=30, wall=60)


def busy() -> int:
    while True:
        pass


def wait() -> int:
    signal.pause()
    return 0


def fails() -> int:
    raise LookupError


def grows() -> int:
    found: list[bytes] = []
    while True:
        found.append(bytes(1 << 28))


@pytest.mark.parametrize(
    ("work", "limit", "end"),
    [
        pytest.param(lambda: 0, PLENTY, 0, id="passes"),
        pytest.param(lambda: 1, PLENTY, 1, id="says 1"),
        pytest.param(fails, PLENTY, 70, id="raises"),
        pytest.param(grows, PLENTY, 70, id="takes all memory"),
        pytest.param(busy, Limit(cpu=1, wall=60), -signal.SIGXCPU, id="loops for ever"),
        pytest.param(wait, Limit(cpu=30, wall=0.1), -signal.SIGKILL, id="waits for ever"),
    ],
)
def test_end(work: Callable[[], int], limit: Limit, end: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert list(each([("name", work, limit)], 1)) == [("name", end)]
    assert ("Error" in capfd.readouterr().err) == (end == 70)


def test_no_more_than_asked_for_run_at_once() -> None:
    begun: list[str] = []

    def works() -> Iterator[tuple[str, Callable[[], int], Limit]]:
        for name in "abc":
            begun.append(name)
            yield name, wait, Limit(cpu=30, wall=0.1)

    ends = each(works(), 2)
    assert next(ends)[0] in {"a", "b"}
    assert begun == ["a", "b", "c"]
    assert len(list(ends)) == 2


def test_result() -> None:
    assert result_of(lambda: (os.getppid(), {"a": 1})) == (os.getpid(), {"a": 1})


def test_no_result(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="status 70"):
        result_of(fails)
    assert "LookupError" in capfd.readouterr().err


def test_forks_are_reaped() -> None:
    list(each([("name", lambda: 0, PLENTY)] * 3, 2))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
