"""Links between pages lead somewhere, and a path that a page names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]

FENCED = re.compile(r"^( *)(`{3,}).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)
TEST = re.compile(r"`(test_\w+)`")
NAMED = re.compile(r"`((?:simbridge|tests|docs|scenarios|notebooks)/[\w./-]*)`")


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(prose(page))
    }


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(prose(page)) if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """The file is there, and so is the heading."""
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}"
        assert target.is_relative_to(ROOT), f"{page.name} links out of the project: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    """`simbridge/kernel/kernel.py` in a sentence or a table is a file."""
    for name in NAMED.findall(prose(page)):
        assert (ROOT / name).exists(), f"{page.name} names {name}"


def test_every_test_that_a_page_names_is_there() -> None:
    """`test_no_circles` in a sentence or a table is a test."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    tests = set(re.findall(r"^ *(?:async )?def (test_\w+)", code, re.MULTILINE))
    for page in PAGES:
        if page.name != "CHANGELOG.md":
            assert set(TEST.findall(prose(page))) <= tests, page.name


def test_every_page_can_be_found_from_the_index() -> None:
    """docs/index.md is the map: each page is on it."""
    index = ROOT / "docs" / "index.md"
    mapped = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    pages = {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - {index}
    assert pages <= mapped, f"not in docs/index.md: {sorted(str(p) for p in pages - mapped)}"
