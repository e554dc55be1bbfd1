"""The commands of a page under docs/, as a script that runs them as a reader would."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.errors import HarnessError

FENCE = re.compile(r"^```(\w*)(.*)$")
PROGRAM = "console"
"""The language of the blocks with commands."""
PROLOGUE = """\
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
"""


@dataclass(frozen=True)
class Block:
    """The commands of one fenced block.

    Attributes:
        page: the file that it is in.
        section: the heading that it is under.
        line: number of its first command there.
        text: the commands.
    """

    page: Path
    section: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the blocks of commands of a page, in order.

    Raises:
        HarnessError: a block has no end.
    """
    found: list[Block] = []
    begun: int | None = None
    section, language, lines = "", "", [""]
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if fence and begun is None:
            begun, language, lines = number + 1, fence[1], []
        elif fence and begun is not None:
            if language == PROGRAM:
                found.append(Block(page, section, begun, "\n".join(lines)))
            begun = None
        elif begun is not None:
            lines.append(line)
        elif line.startswith("#"):
            section = line.lstrip("# ")
    if begun is not None:
        raise HarnessError(f"{page}: the block that begins in line {begun} has no end: add ``` on a line of its own")
    return found


def script(parts: list[Block], replaced: Mapping[str, str]) -> str:
    """Return the blocks as one bash script that stops at the first failure and names the block it is in.

    Args:
        parts: the blocks, of one page or several.
        replaced: texts to replace, with their replacements, such as a port that is free here.
    """
    text = PROLOGUE
    for part in parts:
        commands = part.text
        for old, new in replaced.items():
            commands = commands.replace(old, new)
        text += f"\necho '### {part}'\n{commands}\n"
    return text
