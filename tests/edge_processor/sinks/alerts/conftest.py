"""A real Alertmanager for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.alertmanager import Alertmanager, alertmanager_program


@pytest.fixture(scope="session")
def program() -> Path:
    return alertmanager_program()


@pytest.fixture
def manager(program: Path, tmp_path: Path) -> Iterator[Alertmanager]:
    made = Alertmanager(program, tmp_path / "alertmanager")
    made.start()
    yield made
    made.end()
