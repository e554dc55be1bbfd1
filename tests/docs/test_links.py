"""Every link from a page to another file or heading of this repository leads somewhere."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.sources import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("charts/*/*.md"), *ROOT.glob("examples/*/*.md")]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as Git hosts derive them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCED.sub("", page.read_text())):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    linked = set(LINK.findall((ROOT / "README.md").read_text()))
    inside = {"docs/style.md"}
    assert {f"docs/{path.name}" for path in ROOT.glob("docs/*.md")} - inside <= linked


def test_anchors_are_derived_from_headings(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Rotate, reject: accept `again`\n```\n# no heading\n```\n")
    assert anchors(page) == {"rotate-reject-accept-again"}
