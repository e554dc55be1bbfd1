"""Pages of docs/ become scripts that stop where a command fails."""

import subprocess
from pathlib import Path

import pytest

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.documents import blocks, script

pytestmark = pytest.mark.process

PAGE = """\
# A page
```console
echo one
echo port 8080
```
```yaml
no: command
```
```console
false
```
## Its end
```console
echo never
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_only_blocks_of_commands_count(page: Path) -> None:
    assert [(block.section, str(block), block.text) for block in blocks(page)] == [
        ("A page", "page.md:3", "echo one\necho port 8080"),
        ("A page", "page.md:10", "false"),
        ("Its end", "page.md:14", "echo never"),
    ]


def test_script_names_the_block_that_fails_and_stops_there(page: Path) -> None:
    text = script(blocks(page), {"8080": "4711"})
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["### page.md:3", "one", "port 4711", "### page.md:10"]


def test_what_a_page_leaves_in_the_background_ends_with_the_script(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```console\nsleep 600 &\necho $!\n```\n")
    done = subprocess.run(
        ["bash", "-c", script(blocks(path), {})], capture_output=True, text=True, check=True, timeout=30
    )
    pid = done.stdout.split()[-1]
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_block_without_an_end_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```console\nls\n")
    with pytest.raises(HarnessError, match="line 2"):
        blocks(path)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_every_block_of_every_page_is_bash(page: Path) -> None:
    subprocess.run(["bash", "-n", "-c", script(blocks(page), {})], check=True, timeout=60)
