"""`python -m e2e.tools.values_table [--check]`: the table of values in the chart's README, from schema and defaults."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

import yaml

from e2e.tools.helm import CHART

BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"


def rows(schema: dict[str, Any], values: dict[str, Any], above: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield name, default and description of each value.

    Args:
        schema: JSON schema of the values.
        values: the defaults.
        above: path of the schema, with a dot at its end.
    """
    for name, part in schema["properties"].items():
        if name not in values:
            continue
        if "properties" in part:
            yield from rows(part, values[name], f"{above}{name}.")
        else:
            yield f"{above}{name}", json.dumps(values[name]), part["description"]


def table(schema: dict[str, Any], values: dict[str, Any]) -> str:
    """Return the values as a table in Markdown."""
    lines = [f"| `{name}` | `{default}` | {text} |" for name, default, text in rows(schema, values)]
    return "\n".join(["| Value | Default | Description |", "| --- | --- | --- |", *lines])


def written(readme: str, content: str) -> str:
    """Return the README with `content` between its marks.

    Raises:
        ValueError: a mark is missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the chart's README.md has no {BEGIN} … {END}: put both marks where the table belongs")
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the table, or check it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m e2e.tools.values_table", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; end with 1 if it is out of date")
    readme = CHART / "README.md"
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    before = readme.read_text()
    after = written(before, table(schema, values))
    if parser.parse_args(arguments).check:
        if before != after:
            print(f"{readme} is out of date: python -m e2e.tools.values_table", file=sys.stderr)
        return int(before != after)
    readme.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
