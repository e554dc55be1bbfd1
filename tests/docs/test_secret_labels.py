"""Every Secret that a page or an example creates for a site gets the label without which it is not used."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "charts").rglob("README.md"))]
EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))
CREATED = re.compile(r"kubectl create secret (?:generic|tls) ([-a-z0-9]+)")
LABELLED = re.compile(r"kubectl label secret ([-a-z0-9 ]+) edge-stack\.io/(?:use|device-credentials)=true")
NAMES_A_SECRET = re.compile(r"^[^#\n]*\b(?:credentialsSecretRef|caSecretRef|secretRef)\b", re.MULTILINE)


def unlabelled(text: str) -> set[str]:
    """Return the Secrets that a text creates and does not label; a root Secret is the operator's own."""
    labelled = {name for names in LABELLED.findall(text) for name in names.split()}
    return {name for name in CREATED.findall(text) if not name.endswith("-root")} - labelled


@pytest.mark.parametrize("path", [*PAGES, *EXAMPLES], ids=lambda path: str(path.relative_to(ROOT)))
def test_created_secrets_are_labelled(path: Path) -> None:
    assert unlabelled(path.read_text()) == set()


@pytest.mark.parametrize("path", [*PAGES, *EXAMPLES], ids=lambda path: str(path.relative_to(ROOT)))
def test_text_that_names_a_secret_names_the_label(path: Path) -> None:
    text = path.read_text()
    assert not NAMES_A_SECRET.search(text) or "edge-stack.io/use" in text


def test_what_is_unlabelled() -> None:
    create = "kubectl create secret generic a --from-literal=b=c\n"
    assert unlabelled(create) == {"a"}
    assert unlabelled(f"{create}kubectl label secret b edge-stack.io/use=true") == {"a"}
    assert unlabelled(f"{create}kubectl label secret b a edge-stack.io/use=true") == set()


def test_enough_texts_are_searched() -> None:
    assert sum(bool(NAMES_A_SECRET.search(path.read_text())) for path in [*PAGES, *EXAMPLES]) >= 5
