"""`python -m e2e.tools.mutate [FLOOR …]`: change one thing at a time, and name what no quick test notices.

Ends with 1 if more than `--most` per cent of a floor's mutants survive, or the list of equivalent ones is untrue.
"""

import argparse
import sys

from e2e.cluster.errors import HarnessError
from e2e.tools.mutate import equivalents
from e2e.tools.mutate.floors import FLOORS
from e2e.tools.mutate.results import table
from e2e.tools.mutate.run import Options, run


def main(arguments: list[str]) -> int:
    """Try the mutants of the floors; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m e2e.tools.mutate", description=__doc__)
    parser.add_argument("floors", nargs="*", metavar="FLOOR", help=f"{', '.join(FLOORS)}; all by default")
    parser.add_argument("--file", default="", metavar="PART", help="only files with this text in their path")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants of each floor, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="what the choice begins with (default: 1)")
    parser.add_argument("--jobs", type=int, default=1, choices=(1, 2), help="mutants at once (default: 1)")
    parser.add_argument("--most", type=float, default=2.0, metavar="PERCENT", help="survivors that pass (default: 2)")
    parser.add_argument("--entries", action="store_true", help="print survivors as entries of the list of equivalents")
    given = parser.parse_args(arguments)
    if unknown := set(given.floors) - FLOORS.keys():
        parser.error(f"no such floor: {', '.join(sorted(unknown))}; there are {', '.join(FLOORS)}")
    options = Options(given.file, given.sample, given.seed, given.jobs)
    results = []
    try:
        for name in given.floors or FLOORS:
            results.append(run(FLOORS[name], options, _say))
            print("\n".join(results[-1].details()), flush=True)
    except (HarnessError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if given.entries:
        print(*(equivalents.entry(mutant) for result in results for mutant in result.survived), sep="\n")
    print(f"\n{table(results)}")
    return int(not all(result.is_good(given.most) for result in results))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
