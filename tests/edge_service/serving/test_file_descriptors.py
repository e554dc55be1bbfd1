"""The file descriptors of a process and their shares."""

import subprocess
import sys

import pytest

from edge_service.serving.file_descriptors import MAX_FILES, RESERVED_FILES, share

RAISED = """
import resource
from edge_service.serving.file_descriptors import raise_file_limit
hard = {hard}
resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
print(raise_file_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.process
def test_the_limit_is_raised_to_what_the_process_may_have() -> None:
    code = RAISED.format(hard=700)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == ["700", "700"]


@pytest.mark.parametrize(
    ("wanted", "files", "parts", "expected"),
    [
        (4096, MAX_FILES, 8, 4096),
        (4096, 1024, 8, (1024 - RESERVED_FILES) // 8),
        (10, 1024, 8, 10),
        (10, 20, 8, 1),
    ],
)
def test_shares(wanted: int, files: int, parts: int, expected: int) -> None:
    assert share(wanted, files, parts) == expected
