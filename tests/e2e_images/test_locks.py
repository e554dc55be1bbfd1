"""The locks of the images pin the same as the one of the tests, and all that the project says it needs."""

import re
import tomllib
from pathlib import Path

import pytest

from e2e.cluster.checkout import ROOT

EXTRAS = ("operator", "processor", "workloads")
PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+).*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def pins(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Every package of a lock with its version and hashes."""
    found = PINNED.finditer(path.read_text())
    return {match[1]: (match[2], frozenset(re.findall(r"sha256:\w{64}", match[0]))) for match in found}


def needed(extra: str) -> set[str]:
    """The packages that pyproject.toml names for an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"][extra]]
    return {re.split(r"[<>=!~;\[ ]", each, maxsplit=1)[0].lower() for each in asked}


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_the_images_get_is_what_was_tested(extra: str) -> None:
    tested, locked = pins(ROOT / "requirements" / "dev.txt"), pins(ROOT / "requirements" / f"{extra}.txt")
    assert needed(extra) <= set(locked), "run `make lock`"
    assert {name: tested.get(name) for name in locked} == locked, "run `make lock`"
    assert all(hashes for _, hashes in locked.values())
