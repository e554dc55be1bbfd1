"""Which test file runs in which lane: a table, and every file in exactly one lane of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from e2e.cluster.checkout import ROOT

TESTS = "tests"


@dataclass(frozen=True)
class Lane:
    """Tests that run one after another in a process of their own.

    Attributes:
        name: how the lane is called on the command line and in the summary.
        patterns: of the files, relative to the checkout, in the order in which they run (fnmatch: `*` crosses folders).
            A file belongs to the first lane of the table that has a pattern for it.
        options: more options of pytest, such as `--quick`.
    """

    name: str
    patterns: Sequence[str]
    options: Sequence[str] = ()


PROGRAMS = (
    "tests/edge_broker_agent/*",
    "tests/edge_device/*",
    "tests/edge_gateway/*",
    "tests/edge_liveness/*",
    "tests/edge_logs/*",
    "tests/edge_mqtt5/*",
    "tests/edge_pacing/*",
    "tests/edge_processor/*",
    "tests/edge_readings/*",
    "tests/edge_service/*",
    "tests/edge_storage/*",
    "tests/edge_wire/*",
)
"""The tests of the programs of a site."""

NODE = Lane(
    "node",
    (
        "tests/e2e_images/*",
        "tests/charts/*",
        "tests/e2e/node/test_node*.py",
        "tests/e2e/node/test_policies.py",
        "tests/e2e/node/test_possible.py",
        "tests/node/*",
    ),
)
OPERATOR = Lane("operator", ("tests/edge_operator/test_*.py", "tests/edge_operator/impersonation/test_liveness.py"))
CONTROL = Lane(
    "control",
    (
        "tests/edge_operator/api/*",
        "tests/edge_operator/on_api_server/*",
        "tests/edge_operator/control/*",
        "tests/edge_operator/desired/test_on_api_server.py",
        "tests/edge_broker_agent/*",
        "tests/e2e/test_controlplane.py",
        "tests/e2e/test_fixture.py",
        "tests/e2e/test_lifecycle.py",
    ),
)
BROKERS = Lane("brokers", ("*",))
LANES = (NODE, OPERATOR, CONTROL, BROKERS)
"""Every test once. The last one has what no other has, so that a new file is always run."""

IMAGES_PYTHON = Lane("python-of-images", PROGRAMS, ("--no-control-plane", "--hypothesis-profile=quick"))
"""The programs once more with the Python that the images have; what needs a control plane runs once, and many random
examples as well."""

STARTED = (BROKERS, OPERATOR, NODE, CONTROL, IMAGES_PYTHON)
"""In which order they start: the longest first."""
STARTED_COLD = (BROKERS, IMAGES_PYTHON, NODE, OPERATOR, CONTROL)
"""The order while Kubernetes is being compiled: all that the first two need is there after a minute."""

QUICK_OPTIONS = ("--quick", "--hypothesis-profile=quick")
QUICK = (Lane("quick-operator", ("tests/edge_operator/*",), QUICK_OPTIONS), Lane("quick", ("*",), QUICK_OPTIONS))
"""The loop of a developer: two halves that take about as long."""


def all_files(root: Path = ROOT) -> list[str]:
    """Return the test files of a checkout, relative to it, sorted."""
    return sorted(str(path.relative_to(root)) for path in (root / TESTS).rglob("test_*.py"))


def assign(lanes: Iterable[Lane], files: Iterable[str]) -> Mapping[str, list[str]]:
    """Return the files of each lane by its name, in the order of its patterns; a file is in the first lane that fits.

    Raises:
        ValueError: a file is in no lane, or a lane has none.
    """
    found, left = dict[str, list[str]](), list(files)
    for lane in lanes:
        found[lane.name] = members(lane, left)
        left = [file for file in left if file not in found[lane.name]]
    if left:
        raise ValueError(f"{left[0]} is in no lane: add a pattern for it to e2e/testrun/lanes.py")
    if empty := [name for name, own in found.items() if not own]:
        raise ValueError(f"no test file is in the lanes {', '.join(empty)}: mend the patterns in e2e/testrun/lanes.py")
    return found


def members(lane: Lane, files: Iterable[str]) -> list[str]:
    """Return the files that a lane has a pattern for, in the order of its patterns."""
    ranked = ((rank, file) for file in files if (rank := _rank(lane, file)) is not None)
    return [file for _, file in sorted(ranked)]


def _rank(lane: Lane, file: str) -> int | None:
    return next((rank for rank, pattern in enumerate(lane.patterns) if _fits(file, pattern)), None)


def _fits(file: str, pattern: str) -> bool:
    # `dir/test_*.py` means the files of this folder alone, as a shell has it; `dir/*` all below.
    if pattern.endswith(".py"):
        return str(Path(file).parent) == str(Path(pattern).parent) and fnmatch(Path(file).name, Path(pattern).name)
    return fnmatch(file, pattern)
