"""Commands for EdgeDevices name their API group: another CRD in the cluster may have the plural `edgedevices`, too."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *(path for path in ROOT.glob("charts/**/*") if path.suffix in {".md", ".txt", ".yaml", ".tpl"}),
    *(path for path in ROOT.glob("examples/**/*") if path.suffix in {".md", ".yaml", ".py"}),
    *ROOT.glob("operator/**/*.py"),
    *ROOT.glob("workloads/**/*.py"),
]
COMMAND = re.compile(r"kubectl\b[^`\n]*")
AMBIGUOUS = re.compile(r"\bedgedevices?\b(?!\.edge-stack\.io)", re.IGNORECASE)
EXPLAIN = re.compile(r"kubectl explain .*--api-version=edge-stack\.io/")


def ambiguous(text: str) -> list[str]:
    """Return the commands in a text that do not say which EdgeDevices they mean."""
    found = (match.group() for match in COMMAND.finditer(text))
    return [each for each in found if AMBIGUOUS.search(each) and not EXPLAIN.match(each)]


def test_commands_name_the_group() -> None:
    found = {str(path.relative_to(ROOT)): each for path in TEXTS for each in ambiguous(path.read_text())}
    assert found == {}, "use edgedevices.edge-stack.io"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("kubectl get edgedevices -o wide", 1),
        ("kubectl get edgesites,edgedevices", 1),
        ("kubectl delete edgedevice press-7", 1),
        ("kubectl wait edgedevice/press-7 --for=delete", 1),
        ("kubectl explain edgedevice.spec", 1),
        ("kubectl get edgedevices.edge-stack.io,edgesites", 0),
        ("kubectl get edev", 0),
        ("kubectl explain edgedevices.spec --api-version=edge-stack.io/v1alpha1", 0),
        ("the edgedevices of a site", 0),
    ],
)
def test_what_is_ambiguous(text: str, count: int) -> None:
    assert len(ambiguous(text)) == count


def test_enough_commands_are_found() -> None:
    commands = [each for path in TEXTS for each in COMMAND.findall(path.read_text())]
    assert sum("edgedevices.edge-stack.io" in each for each in commands) >= 10
