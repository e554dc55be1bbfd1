"""`python -m e2e.testrun [--quick] [--lane NAME …] [-- PYTEST ARGUMENT …]`: the tests in lanes, side by side."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from e2e.cluster.build import is_built
from e2e.cluster.checkout import EDGE
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied
from e2e.cluster.sources import KUBE
from e2e.testrun import pythons
from e2e.testrun.lanes import IMAGES_PYTHON, LANES, QUICK, STARTED, STARTED_COLD, Lane, all_files, assign, members
from e2e.testrun.process import LaneProcess
from e2e.testrun.summary import closing, failures, progress

DIRECTORY = EDGE / "test-run"
TICK_SECONDS = 0.5
SAY_SECONDS = 30.0
PREBUILD_END_SECONDS = 10.0
SIDE_BY_SIDE = (os.cpu_count() or 1) + 2
"""How many lanes run at once: each of them waits for half of the time."""
REPEATED = sys.version_info[:2] != tuple(map(int, pythons.IMAGES_PYTHON.split(".")))
"""Where this Python is that of the images, nothing is run twice."""


def main(arguments: Sequence[str]) -> int:
    """Run the lanes; the exit status is 0 if all of them passed."""
    parser = argparse.ArgumentParser(prog="python -m e2e.testrun", description=__doc__)
    names = [lane.name for lane in STARTED]
    parser.add_argument("--quick", action="store_true", help="only the tests that start no process")
    parser.add_argument("--lane", action="append", choices=names, help="only this lane; may be repeated")
    parser.add_argument("pytest", nargs="*", help="further arguments of pytest")
    options = parser.parse_args(arguments)
    try:
        lanes, missing = _laid_out(options.lane or names, options.pytest, quick=options.quick)
    except (HarnessError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    # What ends a job sends SIGTERM; the lanes then end as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    with _builds(wanted=not options.quick):
        interrupted = _run(lanes, began)
    for lane in lanes:
        if lane.failure():
            print(f"\n===== lane {lane.lane.name} =====", *failures(lane.log), sep="\n")
    print(*closing(time.monotonic() - began, lanes, missing), sep="\n", flush=True)
    required = os.environ.get("CI") == "true" and missing
    return int(bool(interrupted or required or any(lane.failure() for lane in lanes)))


def _laid_out(names: Sequence[str], arguments: Sequence[str], *, quick: bool) -> tuple[list[LaneProcess], list[str]]:
    """Return the lanes, not started, and what cannot be run, with the reason."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    files, python, missing = all_files(), Path(sys.executable), list[str]()

    def process(lane: Lane, interpreter: Path, own: Sequence[str]) -> LaneProcess:
        return LaneProcess(lane, interpreter, own, DIRECTORY, arguments)

    if quick:
        halves = assign(QUICK, files)
        return [process(lane, python, halves[lane.name]) for lane in QUICK], []
    assigned = assign(LANES, files)
    lanes = {lane.name: process(lane, python, assigned[lane.name]) for lane in LANES}
    if IMAGES_PYTHON.name in names and REPEATED:
        try:
            interpreter = pythons.environment_of(pythons.find(os.environ))
            lanes[IMAGES_PYTHON.name] = process(IMAGES_PYTHON, interpreter, members(IMAGES_PYTHON, files))
        except HarnessError as error:
            missing.append(f"the programs' tests on Python {pythons.IMAGES_PYTHON}: {error}")
    order = [lane.name for lane in (STARTED if is_built(KUBE) else STARTED_COLD)]
    return [lanes[name] for name in order if name in names and name in lanes], missing


@contextmanager
def _builds(*, wanted: bool) -> Iterator[None]:
    """Build in the background what the tests need, from the first second on; a test that needs it waits for it."""
    if not wanted:
        yield
        return
    log = DIRECTORY / "prebuild.log"
    with log.open("wb") as out:
        command = tied([sys.executable, "-m", "e2e.prebuild"])
        builds = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        builds.terminate()
        builds.wait(PREBUILD_END_SECONDS)


def _run(lanes: Sequence[LaneProcess], began: float, say: Callable[[str], None] = print) -> bool:
    """Run the lanes to their ends, some side by side; return whether a person has interrupted them."""
    waiting, said = list(lanes), time.monotonic()
    try:
        while (running := [lane for lane in lanes if not lane.poll()]) or waiting:
            while waiting and len(running) < SIDE_BY_SIDE:
                running.append(waiting.pop(0))
                running[-1].start()
            time.sleep(TICK_SECONDS)
            if time.monotonic() - said > SAY_SECONDS:
                said = time.monotonic()
                say(progress(said - began, lanes))
    except KeyboardInterrupt:
        say("interrupted: the lanes end")
        for lane in lanes:
            lane.interrupt()
        for lane in lanes:
            lane.finish()
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
