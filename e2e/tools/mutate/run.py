"""The run over one floor: every mutant is tried in a fork of a process in which the tests lie ready."""

import gc
import importlib
import random
import sys
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from e2e.cluster.checkout import ROOT
from e2e.tools.mutate import equivalents
from e2e.tools.mutate.bench import Bench, be_silent, with_bench
from e2e.tools.mutate.floors import Floor
from e2e.tools.mutate.forks import Limit, each, result_of
from e2e.tools.mutate.install import Functions, exchange, functions, import_mutated
from e2e.tools.mutate.mutants import Key, Mutant, mutants
from e2e.tools.mutate.quick import Quick, look
from e2e.tools.mutate.results import Result, shown

LEAST_CPU_SECONDS = 20.0
"""Of one mutant, beside what its tests took: the imports, and a margin. A test that loops ends earlier."""

LEAST_WALL_SECONDS = 60.0
"""The same for one that waits for ever, on a machine that others use too."""

SURVIVED, KILLED, CANNOT_EXCHANGE = 0, 1, 3

Work = tuple[int, Callable[[], int], Limit]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made.

    Attributes:
        file: only files with this in their path.
        sample: how many mutants; None: all.
        seed: what the choice of the sample begins with.
        jobs: how many mutants at once.
    """

    file: str = ""
    sample: int | None = None
    seed: int = 1
    jobs: int = 1


def run(floor: Floor, options: Options, say: Callable[[str], None]) -> Result:
    """Try the mutants of a floor.

    Raises:
        HarnessError: the list of equivalent ones cannot be read.
        RuntimeError: the tests cannot be run.
    """
    files = floor.files()
    found = [mutant for file in files for mutant in mutants(str(file), (ROOT / file).read_text())]
    reasons = equivalents.load(floor.name)
    result = Result(floor.name, stale=equivalents.stale(reasons, found))
    chosen = choose(found, options)
    say(f"{floor.name}: {len(chosen)} of {len(found)} mutants")
    quick, ends = result_of(partial(_with_tests_ready, floor, chosen, reasons, options.jobs, say))
    _preload(quick.modules)
    # What runs at import, or in no test, may be noticed by any test: first those of the file, then all others.
    rest = [index for index in range(len(chosen)) if ends.get(index, CANNOT_EXCHANGE) == CANNOT_EXCHANGE]
    for tests_of in (quick.touching, quick.others):
        say(f"{floor.name}: {len(rest)} with an import of their own")
        ends.update(dict.fromkeys(rest, SURVIVED))
        ends.update(each(_imports(chosen, rest, quick, tests_of), options.jobs))
        rest = [index for index in rest if ends[index] == SURVIVED]
    for index, mutant in enumerate(chosen):
        result.add(mutant, reasons, survived=ends[index] == SURVIVED)
    return result


def choose(found: Sequence[Mutant], options: Options) -> list[Mutant]:
    """Return the mutants that are asked for."""
    chosen = [mutant for mutant in found if options.file in mutant.file]
    if options.sample is None or options.sample >= len(chosen):
        return chosen
    return random.Random(options.seed).sample(chosen, options.sample)  # noqa: S311 - no secret


def _with_tests_ready(
    floor: Floor, chosen: Sequence[Mutant], reasons: Container[Key], jobs: int, say: Callable[[str], None]
) -> tuple[Quick, dict[int, int]]:
    """Return the quick tests, and the results of the mutants with a function that can be exchanged."""

    def work(bench: Bench) -> tuple[Quick, dict[int, int]]:
        quick = result_of(partial(look, bench, floor.files()))
        say(f"{floor.name}: {len(quick.seconds)} quick tests; {len(quick.left_out)} others are not run")
        if not quick.seconds:
            raise RuntimeError(f"no test of the floor {floor.name} passes without processes")
        ends: dict[int, int] = {}
        present = functions()
        gc.freeze()
        for done, (index, end) in enumerate(each(_exchanges(bench, chosen, quick, present), jobs), 1):
            ends[index] = end
            if end == SURVIVED and chosen[index].key not in reasons:
                say(f"{floor.name}: {shown(chosen[index])}")
            if done % 100 == 0:
                say(f"{floor.name}: {done} tried, {sum(end == SURVIVED for end in ends.values())} survived")
        return quick, ends

    return with_bench(floor.test_paths(), work)


def _exchanges(bench: Bench, chosen: Sequence[Mutant], quick: Quick, present: Functions) -> Iterator[Work]:
    def attempt(mutant: Mutant, tests: Sequence[str]) -> int:
        be_silent()
        if not exchange(mutant, present):
            return CANNOT_EXCHANGE
        return SURVIVED if bench.run(tests, quick.seconds) else KILLED

    for index, mutant in enumerate(chosen):
        tests = [] if mutant.at_import else quick.of(mutant.file, mutant.line, mutant.end)
        if tests:
            yield index, partial(attempt, mutant, tests), _limit(tests, quick)


def _imports(
    chosen: Sequence[Mutant], rest: Iterable[int], quick: Quick, tests_of: Callable[[str], list[str]]
) -> Iterator[Work]:
    def attempt(mutant: Mutant, tests: Sequence[str]) -> int:
        be_silent()
        import_mutated(mutant)
        paths = list(dict.fromkeys(test.partition("::")[0] for test in tests))
        try:
            return SURVIVED if with_bench(paths, lambda bench: bench.run(tests, quick.seconds)) else KILLED
        except RuntimeError:  # the module cannot even be imported
            return KILLED

    for index in rest:
        if tests := tests_of(chosen[index].file):
            yield index, partial(attempt, chosen[index], tests), _limit(tests, quick)


def _limit(tests: Sequence[str], quick: Quick) -> Limit:
    spent = sum(quick.seconds[test] for test in tests)
    return Limit(LEAST_CPU_SECONDS + spent, LEAST_WALL_SECONDS + 10 * spent)


def _preload(modules: Iterable[str]) -> None:
    """Import what every fork would import, and what is none of ours."""
    for name in modules:
        if name not in sys.modules:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    importlib.import_module(name)
            except Exception:  # noqa: BLE001, S112 - it saves time only: the fork imports it, or fails as it did before
                continue
    gc.freeze()
