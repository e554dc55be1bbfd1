"""The Python of the images is found where it is, and by its own word for its version."""

from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from e2e.testrun.pythons import IMAGES_PYTHON, find

pytestmark = pytest.mark.process


def interpreter(path: Path, version: str) -> Path:
    """Lay down a program that answers like an interpreter of a version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


def test_the_one_that_is_named_comes_first(tmp_path: Path) -> None:
    named = interpreter(tmp_path / "own/python", IMAGES_PYTHON)
    interpreter(tmp_path / f"bin/python{IMAGES_PYTHON}", IMAGES_PYTHON)
    environment = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), "EDGE_PYTHON_OF_IMAGES": str(named)}
    assert find(environment) == named


@pytest.mark.parametrize(
    "place",
    [
        f"bin/python{IMAGES_PYTHON}",
        f".pyenv/versions/{IMAGES_PYTHON}.7/bin/python3",
        f"cache/python/{IMAGES_PYTHON}/bin/python3",
    ],
    ids=["PATH", "pyenv", "the project's cache"],
)
def test_where_it_is_found(place: str, tmp_path: Path) -> None:
    there = interpreter(tmp_path / place, IMAGES_PYTHON)
    environment = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), "EDGE_CACHE": str(tmp_path / "cache")}
    assert find(environment) == there


def test_one_of_another_version_that_is_named_is_an_error(tmp_path: Path) -> None:
    wrong = interpreter(tmp_path / "wrong", "3.9")
    with pytest.raises(HarnessError, match=f"EDGE_PYTHON_OF_IMAGES={wrong} is not a Python {IMAGES_PYTHON}"):
        find({"HOME": str(tmp_path), "EDGE_PYTHON_OF_IMAGES": str(wrong)})
