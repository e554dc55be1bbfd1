"""A whole run, over a small package that is made for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from e2e.cluster.checkout import ROOT
from e2e.tools.mutate.mutants import Mutant, mutants
from e2e.tools.mutate.run import Options, choose

pytestmark = pytest.mark.process

PRODUCT = """
LIMIT = 3
UNUSED = 1
WORD = "open"

class Box:
    def __init__(self, size=2):
        self.size = size

    @property
    def is_full(self):
        return self.size >= LIMIT

    def drain(self):
        while self.size > 0:
            self.size -= 1
        return "empty"

def forgotten():
    return LIMIT
"""

TESTS = """
import subprocess
import pytest
from small.box import Box

@pytest.mark.parametrize(("size", "expected"), [(2, False), (3, True), (4, True)])
def test_is_full(size, expected):
    assert Box(size).is_full is expected

def test_drain():
    assert Box().size == 2
    box = Box(3)
    assert box.drain() == "empty"
    assert box.size == 0

def test_that_needs_a_process():
    subprocess.run(["true"])
    assert Box(3).is_full

def test_that_needs_a_fixture(cluster):
    pass
"""

TESTS_THAT_CANNOT_BE_IMPORTED_WITH_ANOTHER_WORD = """
from small.box import WORD

NUMBER = {"open": 1}[WORD]

def test_number():
    assert NUMBER == 1
"""

TESTS_OF_NOTHING = """
def test_nothing():
    pass
"""

RUN = """
import sys
from pathlib import Path
from e2e.tools.mutate import bench, floors, install, mutants, quick, run
root = Path(sys.argv[1])
for module in (floors, install, quick, run):
    module.ROOT = root
bench.LEAST_CPU_SECONDS = 0.5
floors.ROOTS = ("product",)
floor = floors.Floor("small", ("product",), ("tests/test_*.py",))
result = run.run(floor, run.Options(file="box"), lambda text: print("say", text))
print(*result.details(), sep="\\n")
print("killed", result.killed)
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "product" / "small").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "product" / "small" / "box.py").write_text(PRODUCT)
    (tmp_path / "product" / "small" / "__init__.py").write_text("")
    (tmp_path / "tests" / "test_box.py").write_text(TESTS)
    (tmp_path / "tests" / "test_word.py").write_text(TESTS_THAT_CANNOT_BE_IMPORTED_WITH_ANOTHER_WORD)
    (tmp_path / "tests" / "test_nothing.py").write_text(TESTS_OF_NOTHING)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = product\naddopts = --import-mode=importlib\n")
    return tmp_path


def output(small: Path) -> list[str]:
    command = [sys.executable, "-c", RUN, str(small)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(command, cwd=small, env=environment, capture_output=True, text=True, timeout=300, check=True)
    return ended.stdout.splitlines()


def test_names_what_no_test_notices(small: Path) -> None:
    lines = output(small)
    path = "product/small/box.py"
    assert [line for line in lines if line.startswith(path)] == [
        f"{path}:3: UNUSED = 1 → UNUSED = 2",
        f"{path}:3: UNUSED = 1 → UNUSED = 0",
        f"{path}:20: return LIMIT → return None",
    ]
    assert "say small: 6 quick tests; 2 others are not run" in lines
    assert int(lines[-1].removeprefix("killed ")) > 15


FOUND = mutants("small/a.py", "def f(a):\n    return a < 1") + mutants("small/b.py", "b = 1")
CHOICES = [
    pytest.param(Options(), FOUND, id="all"),
    pytest.param(Options(file="b.py"), FOUND[-2:], id="of a file"),
    pytest.param(Options(sample=100), FOUND, id="a sample of more than there are"),
]


@pytest.mark.parametrize(("options", "expected"), CHOICES)
def test_choice(options: Options, expected: list[Mutant]) -> None:
    assert choose(FOUND, options) == expected


def test_sample_is_that_of_its_seed() -> None:
    samples = [choose(FOUND, Options(sample=3, seed=seed)) for seed in (1, 1, 2, 3, 4, 5)]
    assert samples[0] == samples[1]
    assert any(sample != samples[0] for sample in samples)
    assert {len(sample) for sample in samples} == {3}
