"""One dialect of docstrings: Google's sections, entries in lower case after the colon (docs/style.md)."""

import re
from collections.abc import Iterator

import pytest

from tests.support.sources import docstrings, sources

FOLDERS = ("operator", "workloads", "e2e", "tests/support")
SECTIONS = frozenset({"Args:", "Attributes:", "Raises:", "Returns:", "Yields:"})
ENTRY = re.compile(r"^ {4}(\*{0,2}[A-Za-z_][\w ,*]*): ([A-Z][a-z]*)\b")
COMMON = re.compile(
    "A|After|All|An|And|Any|As|At|Before|By|Each|Every|For|From|How|If|In|Is|It|Its|Most|No|Not|Nothing|Of|On|One|Only"
    "|Or|Seconds|So|Some|Such|That|The|Their|There|These|They|This|Those|Time|To|Until|What|When|Where|Whether|Which"
    "|While|Who|Whose|Why|With|Without"
)
"""Words that begin with a capital only at the begin of a sentence; names of programs and types do so everywhere."""


def capitalized(text: str) -> Iterator[str]:
    """Yield the entries of a docstring's sections that begin as a sentence does."""
    in_section = False
    for line in text.splitlines():
        in_section = line in SECTIONS or (in_section and (line.startswith(" ") or not line))
        found = ENTRY.match(line)
        if in_section and found and COMMON.fullmatch(found[2]):
            yield line.strip()


def test_entries_begin_in_lower_case() -> None:
    texts = [text for folder in FOLDERS for source in sources(folder) for text in docstrings(source)]
    found = [f"{where}: {entry}" for where, text in texts for entry in capitalized(text)]
    assert found == [], f"{len(found)} entries begin with a capital"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("    limit: The most.", True, id="a sentence"),
        pytest.param("    limit: the most.", False, id="lower case"),
        pytest.param("    ValueError: Kubernetes refuses it.", False, id="a name"),
        pytest.param("    ValueError: A is wrong.", True, id="an article"),
    ],
)
def test_what_is_an_entry(line: str, *, found: bool) -> None:
    assert bool([*capitalized(f"Do it.\n\nArgs:\n{line}")]) is found
