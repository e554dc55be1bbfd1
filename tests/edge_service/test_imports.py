"""What the programs load: memory that every site pays for."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

HEAVY = {"aiohttp", "fastapi", "pydantic", "pydantic_core", "pydantic_settings"}


@pytest.mark.parametrize("program", ["edge_processor", "edge_storage"])
def test_program_loads_no_heavy_framework(program: str) -> None:
    code = f"import sys, {program}.__main__; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    names = set(loaded.stdout.split())
    assert program in names
    assert not names & HEAVY
