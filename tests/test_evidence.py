"""What code refers to is there: the statements of docs/explanation/fidelity.md, and files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "fidelity.md"
SOURCES = sorted(
    path
    for room in ("simbridge", "tests")
    for path in (ROOT / room).rglob("*.py")
    if path != Path(__file__)
)

CITED = re.compile(r"\bfidelity\s+\d")
CITATION = re.compile(r"\(fidelity (\d+\.\d+(?:, \d+\.\d+)*)(?:; ([^()]+))?\)")
STATEMENT = re.compile(r"^\| (\d+\.\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)
LEGEND = re.compile(r"^\| ([a-zA-Z, ]+?) \| .+ \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:simbridge|tests|docs|scenarios)/[\w./-]*\w)/?`")
ABSENT = re.compile("behaviour" + r"[\s#]+" + "reference", re.IGNORECASE)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def section(heading: str) -> str:
    return text_of(PAGE).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def statements() -> list[tuple[str, str, str, str]]:
    """Number, sentence, tag and public address of each statement."""
    return STATEMENT.findall(section("Statements"))


def tags() -> set[str]:
    rows = LEGEND.findall(section("How a fact is known"))
    return {tag for row in rows for tag in row.split(", ")} - {"tag"}


def citations() -> Iterator[tuple[str, str]]:
    for path in SOURCES:
        for numbers, _ in CITATION.findall(text_of(path)):
            for number in numbers.split(", "):
                yield number, str(path.relative_to(ROOT))


def test_a_cited_statement_is_on_the_page() -> None:
    """`(fidelity 8.4)` leads to a statement."""
    known = {number for number, *_ in statements()}
    missing = [f"{where} cites {number}" for number, where in citations() if number not in known]
    assert known
    assert not missing, f"add them to {PAGE.name}: {missing}"


def test_a_statement_on_the_page_is_cited() -> None:
    """A statement that neither code nor tests rely on does not belong on the page."""
    cited = {number for number, _ in citations()}
    idle = [number for number, *_ in statements() if number not in cited]
    assert not idle, f"cite them as (fidelity {idle[0]}), or remove them from {PAGE.name}: {idle}"


def test_statements_are_in_order_and_unique() -> None:
    """A statement is found by its number."""
    numbers = [tuple(map(int, number.split("."))) for number, *_ in statements()]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_citations_have_one_form(path: Path) -> None:
    """In brackets, numbers with commas between them, then perhaps tags; no page that is not here."""
    text = text_of(path)
    assert not ABSENT.search(text), "cite a statement of docs/explanation/fidelity.md"
    found = len(CITED.findall(text))
    assert found == len(CITATION.findall(text)), "write (fidelity 1.1, 2.2; tag) on one line"
    for _, cited in CITATION.findall(text):
        if re.fullmatch(r"[\w ]+(, [\w ]+)*", cited):
            assert set(cited.split(", ")) <= tags(), f"{cited!r} is not in the legend"


def test_each_statement_has_a_tag_of_the_legend() -> None:
    """It says how it is known, in the words of the legend; an address is one of AWS."""
    legend = tags()
    for number, sentence, tag, address in statements():
        assert sentence.endswith("."), number
        named = set(tag.partition(";")[0].split(", "))
        assert named <= legend, f"{number}: {sorted(named - legend)} are not in the legend"
        assert re.fullmatch(r"|\[.+\]\(https://docs\.aws\.amazon\.com/\S+\)", address), number


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_path_that_code_names_is_there(path: Path) -> None:
    """`simbridge/kernel/kernel.py` in a docstring or a comment is a file; `simbridge/kernel` a folder."""
    gone = [name for name in NAMED.findall(text_of(path)) if not (ROOT / name).exists()]
    assert not gone, f"moved or removed: {gone}"
