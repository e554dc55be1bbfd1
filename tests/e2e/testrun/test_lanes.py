"""Every test file is in exactly one lane, and the programs' tests are in the lane of the images' Python as well."""

import pytest

from e2e.testrun.lanes import IMAGES_PYTHON, LANES, QUICK, Lane, all_files, assign, members

FILES = ["tests/a/test_1.py", "tests/a/b/test_2.py", "tests/c/test_3.py"]


def test_every_test_file_is_in_one_lane() -> None:
    files = all_files()
    assigned = assign(LANES, files)
    assert sorted(file for members in assigned.values() for file in members) == files
    assert "tests/e2e/testrun/test_lanes.py" in files


def test_quick_has_every_file() -> None:
    assert sorted(file for members in assign(QUICK, all_files()).values() for file in members) == all_files()


@pytest.mark.parametrize("program", ["gateway", "processor", "storage", "device", "broker_agent", "service", "wire"])
def test_the_programs_run_on_the_python_of_the_images(program: str) -> None:
    own = [file for file in all_files() if file.startswith(f"tests/edge_{program}/")]
    assert own
    assert set(own) <= set(members(IMAGES_PYTHON, all_files()))


@pytest.mark.parametrize(
    ("lanes", "expected"),
    [
        pytest.param([Lane("all", ("*",))], {"all": sorted(FILES)}, id="one lane"),
        pytest.param(
            [Lane("first", ("tests/a/*",)), Lane("rest", ("*",))],
            {"first": ["tests/a/b/test_2.py", "tests/a/test_1.py"], "rest": ["tests/c/test_3.py"]},
            id="a folder with all below it; the first lane that fits has the file",
        ),
        pytest.param(
            [Lane("first", ("tests/a/test_*.py",)), Lane("rest", ("*",))],
            {"first": ["tests/a/test_1.py"], "rest": ["tests/a/b/test_2.py", "tests/c/test_3.py"]},
            id="a pattern of files stays in its folder",
        ),
        pytest.param(
            [Lane("all", ("tests/c/*", "*"))],
            {"all": ["tests/c/test_3.py", "tests/a/b/test_2.py", "tests/a/test_1.py"]},
            id="in the order of the patterns",
        ),
    ],
)
def test_files_are_assigned(lanes: list[Lane], expected: dict[str, list[str]]) -> None:
    assert assign(lanes, FILES) == expected


def test_a_file_in_no_lane_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"tests/c/test_3\.py is in no lane: add a pattern"):
        assign([Lane("first", ("tests/a/*",))], FILES)


def test_an_empty_lane_is_an_error() -> None:
    with pytest.raises(ValueError, match="no test file is in the lanes gone: mend the patterns"):
        assign([Lane("gone", ("tests/z/*",)), Lane("rest", ("*",))], FILES)
