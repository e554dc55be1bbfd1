"""What a run found: counts of a floor, its survivors, and whether that is good enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from e2e.tools.mutate.mutants import Key, Mutant


@dataclass(slots=True)
class Result:
    """What became of a floor's mutants.

    Attributes:
        killed: how many a test noticed.
        survived: those that no test noticed and that are not listed as equivalent.
        equivalent: how many no test noticed that are listed as equivalent.
        refuted: those that are listed as equivalent and that a test noticed.
        stale: entries of the list that match no mutant.
    """

    floor: str
    killed: int = 0
    survived: list[Mutant] = field(default_factory=list)
    equivalent: int = 0
    refuted: list[Mutant] = field(default_factory=list)
    stale: Sequence[Key] = ()

    def add(self, mutant: Mutant, reasons: Mapping[Key, str], *, survived: bool) -> None:
        """Count a mutant that was tried."""
        if not survived:
            self.killed += 1
            if mutant.key in reasons:
                self.refuted.append(mutant)
        elif mutant.key in reasons:
            self.equivalent += 1
        else:
            self.survived.append(mutant)

    @property
    def tried(self) -> int:
        """How many mutants were tried."""
        return self.killed + len(self.survived) + self.equivalent

    @property
    def percent(self) -> float:
        """How many of the mutants that are not equivalent survived, of a hundred."""
        counted = self.tried - self.equivalent
        return 100 * len(self.survived) / counted if counted else 0.0

    def is_good(self, most: float) -> bool:
        """Return whether at most `most` per cent survived and the list of equivalent ones is true."""
        return self.percent <= most and not self.refuted and not self.stale

    def details(self) -> list[str]:
        """Return lines that name each survivor, and each entry of the list that is untrue."""
        survivors = sorted(self.survived, key=lambda mutant: (mutant.file, mutant.line))
        lines = [shown(mutant) for mutant in survivors]
        lines += [
            f"{mutant.file}:{mutant.line}: listed as equivalent, but a test notices {mutant.before} → {mutant.after}"
            for mutant in self.refuted
        ]
        for file, function, before, after, _ in self.stale:
            lines.append(f"{file}: listed as equivalent, but {function} has no {before} → {after}")
        return lines


def shown(mutant: Mutant) -> str:
    """Return a mutant in one line: where it is, and what becomes what."""
    return f"{mutant.file}:{mutant.line}: {mutant.before} → {mutant.after}"


def table(results: Sequence[Result]) -> str:
    """Return the counts of all floors as a table."""
    lines = [f"{'floor':<10} {'mutants':>8} {'killed':>8} {'survived':>9} {'equivalent':>11} {'percent':>8}"]
    for result in results:
        counts = f"{result.tried:>8} {result.killed:>8} {len(result.survived):>9} {result.equivalent:>11}"
        lines.append(f"{result.floor:<10} {counts} {result.percent:>8.1f}")
    return "\n".join(lines)
