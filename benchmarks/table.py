"""Tables that benchmarks print."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: what was measured.
        value: the figure with its unit.
        aim: what is aimed at; empty if nothing.
    """

    what: str
    value: str
    aim: str


def print_table(title: str, rows: list[Row]) -> None:
    """Print rows under a title as a table in Markdown."""
    widths = [max(len(cell) for cell in column) for column in zip(*map(_cells, rows), strict=True)]
    print(f"\n### {title}\n")
    for cells in (("figure", "measured", "aim"), ("-" * 6, "-" * 8, "-" * 3), *map(_cells, rows)):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |")


def _cells(row: Row) -> tuple[str, str, str]:
    return row.what, row.value, row.aim
