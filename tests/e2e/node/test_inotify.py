"""The limit of inotify instances is raised if it is too low, and never lowered."""

from pathlib import Path

import pytest

from e2e.cluster.node import inotify


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param("128\n", "1024", 1, id="too low"),
        pytest.param("1024\n", "1024\n", 0, id="enough"),
        pytest.param("8192\n", "8192\n", 0, id="more than enough"),
    ],
)
def test_the_limit(tmp_path: Path, before: str, after: str, lines: int) -> None:
    limit = tmp_path / "max_user_instances"
    limit.write_text(before)
    said: list[str] = []
    inotify.ensure(said.append, limit)
    assert limit.read_text() == after
    assert len(said) == lines
