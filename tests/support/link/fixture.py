"""The pytest plugin for tests with a disturbed link: `link` is up, and is removed at the end of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from tests.support.link.link import Link
from tests.support.missing import not_run


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    """A link that is up; without root the tests that need it are not run."""
    directory = tmp_path / "link"
    directory.mkdir()
    made = Link(directory)
    try:
        made.start()
    except HarnessError as error:
        not_run(error)
    yield made
    made.end()
