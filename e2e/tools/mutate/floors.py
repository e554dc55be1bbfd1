"""What is mutated: the floors that do no I/O, and where the quick tests of each are."""

from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.checkout import ROOT

ROOTS = ("operator", "workloads")
"""Folders that packages of the product are imported from."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A part of the product that is mutated as one.

    Attributes:
        name: what it is asked for by.
        sources: files and folders, below the repository.
        tests: patterns of files with its tests; the run skips tests that need a process of ours.
    """

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self) -> list[Path]:
        """Return the files that are mutated, below the repository.

        Raises:
            FileNotFoundError: a source is missing.
        """
        found: set[Path] = set()
        for source in self.sources:
            path = ROOT / source
            if not path.exists():
                raise FileNotFoundError(f"{path}: the floor {self.name} in e2e/tools/mutate/floors.py names it")
            found.update(path.rglob("*.py") if path.is_dir() else [path])
        return sorted(path.relative_to(ROOT) for path in found)

    def test_paths(self) -> list[str]:
        """Return the files with its tests, its own first.

        Raises:
            FileNotFoundError: a pattern matches none.
        """
        found: list[str] = []
        for pattern in self.tests:
            paths = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(pattern))
            if not paths:
                raise FileNotFoundError(f"{pattern}: the floor {self.name} in e2e/tools/mutate/floors.py names it")
            found += [path for path in paths if path not in found]
        return found


_CONTROL = "tests/edge_operator/control/**/test_*.py"


def _control(*names: str) -> tuple[str, ...]:
    return tuple(f"operator/edge_operator/control/{name}.py" for name in names)


FLOORS = {
    floor.name: floor
    for floor in (
        Floor(
            "liveness",
            ("workloads/edge_liveness",),
            ("tests/edge_liveness/test_*.py", "tests/edge_operator/control/liveness/test_*.py"),
        ),
        Floor("pacing", ("workloads/edge_pacing",), ("tests/edge_pacing/test_*.py",)),
        Floor("readings", ("workloads/edge_readings",), ("tests/edge_readings/test_*.py",)),
        Floor("wire", ("workloads/edge_wire",), ("tests/edge_wire/**/test_*.py", "tests/edge_readings/test_*.py")),
        Floor(
            "desired",
            ("operator/edge_operator/desired",),
            ("tests/edge_operator/desired/test_*.py", "tests/edge_operator/identity/test_*.py"),
        ),
        Floor(
            "status",
            ("operator/edge_operator/status",),
            ("tests/edge_operator/status/test_*.py", "tests/docs/test_*.py", _CONTROL),
        ),
        Floor(
            "identity",
            ("operator/edge_operator/identity",),
            ("tests/edge_operator/identity/test_*.py", "tests/edge_operator/desired/test_*.py", _CONTROL),
        ),
        Floor(
            "control",
            _control(
                "apply/field_conflicts",
                "apply/refusals",
                "apply/report",
                "apply/write_errors",
                "cache/child_cache",
                "cache/compact",
                "cache/own_writes",
                "cache/resource",
                "cache/resource_cache",
                "cache/user_passwords",
                "credentials/ca_bundle_problems",
                "credentials/device_address",
                "credentials/device_rotations",
                "credentials/root_secret_problems",
                "credentials/rotation",
                "device/problems",
                "diff/action",
                "diff/desired_object",
                "diff/observed",
                "diff/ownership",
                "diff/volumes",
                "liveness/clocks",
                "liveness/connectivity_snapshot",
                "liveness/device_index",
                "liveness/fleet_liveness",
                "liveness/retry_queue",
                "liveness/site_adapter",
                "loop/informers",
                "loop/renewal",
                "loop/throttle",
                "loop/work_queue",
                "site/actions",
                "site/due_figures",
                "site/endpoints",
                "site/plan",
                "site/facts",
                "site_broker/drops",
                "site_broker/liveness_settings",
                "site_broker/retained_cleanup",
                "site_broker/roster_diff",
                "site_broker/roster_entry",
                "site_broker/sink_reports",
                "site_broker/site_topics",
            ),
            (_CONTROL, "tests/edge_operator/status/test_*.py"),
        ),
    )
}


def module_of(file: Path) -> str:
    """Return the name that a file of the product is imported by.

    Raises:
        ValueError: it is in none of the folders of packages.
    """
    if file.parts[0] not in ROOTS:
        raise ValueError(f"{file} is in none of {', '.join(ROOTS)}")
    parts = file.with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
