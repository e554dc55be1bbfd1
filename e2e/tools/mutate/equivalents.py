"""The mutants that behave as the product does, each with the reason: no test can notice them.

A mutant is named by its file, the function, and the statement before and after, never by a line: the list stays valid
while other code moves. An entry that matches no mutant any more is an error, and so is one that a test notices.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from e2e.cluster.errors import HarnessError
from e2e.tools.mutate.mutants import Key, Mutant

FOLDER = Path(__file__).with_name("equivalent")


def load(floor: str, folder: Path = FOLDER) -> dict[Key, str]:
    """Return the reasons of a floor's equivalent mutants; nothing where it has no list.

    Raises:
        HarnessError: the list cannot be read, or an entry lacks something.
    """
    path = folder / f"{floor}.toml"
    if not path.exists():
        return {}
    try:
        return parse(tomllib.loads(path.read_text()))
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise HarnessError(f"{path}: {error}") from error


def parse(document: Mapping[str, Any]) -> dict[Key, str]:
    """Return the reasons by the mutant that each is of.

    Raises:
        ValueError: an entry lacks something, or names a mutant a second time.
    """
    reasons: dict[Key, str] = {}
    for entry in document.get("mutant", []):
        if missing := {"file", "function", "before", "after", "reason"} - entry.keys():
            raise ValueError(f"{entry} has no {', '.join(sorted(missing))}")
        if not entry["reason"].strip():
            raise ValueError(f"{entry} gives no reason")
        afters = entry["after"] if isinstance(entry["after"], list) else [entry["after"]]
        for after in afters:
            key = (entry["file"], entry["function"], entry["before"], after, int(entry.get("occurrence", 1)))
            if key in reasons:
                raise ValueError(f"{key} is listed twice")
            reasons[key] = entry["reason"]
    return reasons


def stale(reasons: Mapping[Key, str], mutants: Iterable[Mutant]) -> list[Key]:
    """Return the entries that match no mutant: the code is another by now, and the reason may be untrue."""
    present = {mutant.key for mutant in mutants}
    return [key for key in reasons if key not in present]


def entry(mutant: Mutant) -> str:
    """Return a mutant as an entry of the list, for the reason to be filled in."""
    lines = ["[[mutant]]", f"file = {_quoted(mutant.file)}", f"function = {_quoted(mutant.function)}"]
    lines += [f"before = {_quoted(mutant.before)}", f"after = {_quoted(mutant.after)}"]
    if mutant.occurrence != 1:
        lines.append(f"occurrence = {mutant.occurrence}")
    return "\n".join([*lines, 'reason = ""', ""])


def _quoted(text: str) -> str:
    if "'" not in text and "\n" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
