"""docs/forwarding.md and docs/offline.md: the receiver of the pages starts, stops and starts again as they say.

tests/node/test_pages.py runs every command of both pages on a real node; here kubectl does nothing.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from e2e.cluster.ports import free_ports
from e2e.documents import script
from e2e.reader import sections
from edge_operator.api.edgesite import EdgeSite
from tests.support.sources import ROOT

pytestmark = pytest.mark.process
RECEIVER = "Try it with a receiver of your own"
KUBECTL = 'kubectl() { echo "kubectl $*"; }\n'


def test_the_receiver_is_started_stopped_and_started_again(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    (tmp_path / ".edge").mkdir()
    for name in ("examples", ".edge/venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    parts = [
        *sections("forwarding.md", only=RECEIVER),
        *sections("forwarding.md", only="Connect the site"),
        *sections("offline.md", only="Test it"),
    ]
    text = script(parts, {"8443": str(port), "sleep 90": "sleep 0"})
    done = subprocess.run(
        ["bash", "-c", f"export ADDRESS=127.0.0.1\n{KUBECTL}{text}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {each.name for each in tmp_path.iterdir()} == {"examples", ".edge"}, "git must ignore all other files"
    assert re.findall(r'{"readings":([0-9]+),', done.stdout) == ["0", "0"]
    patch = re.search(r"--type=merge -p (\{.*?\}\}\}\})", done.stdout, re.DOTALL)
    assert patch
    site = {"apiVersion": "edge-stack.io/v1alpha1", "kind": "EdgeSite", "metadata": {"name": "plant"}}
    EdgeSite.model_validate(site | json.loads(patch[1]))


@pytest.mark.parametrize("page", ["forwarding.md", "offline.md"])
def test_every_example_of_a_spec_is_valid(page: str) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)
    for block in blocks:
        site = {"apiVersion": "edge-stack.io/v1alpha1", "kind": "EdgeSite", "metadata": {"name": "plant"}}
        EdgeSite.model_validate(site | yaml.safe_load(block))
    assert len(blocks) == {"forwarding.md": 4, "offline.md": 0}[page]
