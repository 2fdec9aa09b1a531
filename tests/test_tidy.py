"""Files are short, and their words are the field's own, not metaphors of ours."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_MAX = {"simbridge": 400, "tests": 500}

# Files that are longer, and why they are.
LONG: dict[str, str] = {
    "tests/test_swarm.py": "one random world: what is drawn, what it obeys, and the tests of both",
}

FUNCTION_LINES_MAX = 40
"""Of a function in simbridge/, without its docstring."""
# Functions that are longer, and why they are.
LONG_FUNCTIONS = {
    "simbridge/kernel/kernel.py: _drain": "the hot loop of every run: a call per message would cost a tenth",
    "simbridge/languages/pattern/index.py: search": "the hot path of every event: its walk is written out",
}

# What is not checked yet: files and folders that are being rewritten. To be emptied.
PENDING_LONG: frozenset[str] = frozenset()
PENDING_WORDS: tuple[str, ...] = ()

# People may be "who"; a lookbehind has one length, so each word has its own.
PERSONS = ("person", "people", "user", "users", "reader", "readers", "anyone", "someone", "those")
PEOPLE = "".join(f"(?<!{word} )" for word in PERSONS)

# A word, as a pattern without regard to case, and what to write instead. An underscore ends a word.
BANNED = {
    r"customs": "settings",
    r"luck": "random numbers, a sample, chance",
    r"dice": "random numbers",
    r"lives|dwell\w*": "is, is registered at, is defined in",
    r"nobody|somebody|whoever": "no actor, no one; a caller; the caller, or a passive sentence",
    PEOPLE + r"who": "which, that; for a person, name them first: users who ...",
    r"hears?": "receives, is notified of",
    r"told": "notified, reported, raised, shown, configured, distinguished",
    r"twins?": "copy, fork, counterpart",
    r"guests?(?![-_ ]?(?:mode|run))": "coroutine, task, task owner",
    r"naps?|napp\w+": "sleep, zero sleep",
    r"shelf|shelves": "index",
    r"sieves?": "prefilter",
    r"happenings?": "occurrences",
    r"conduct": "fault state, behaviour",
    r"stock": "cache",
    r"slips?": "mistake, typo",
    r"cautions?": "hints",
    r"seldom": "rarely, other",
    r"bury": "accept a dead letter",
    r"population|populat\w+": "actor factory, create",
    r"rooms|(?:this|its|their|each|every|another) room": "package",
    r"doors?": "adapter, importer",
    r"(?<!math\.)floors?": "layer",
    r"of (?:yours|ours)": "your ..., our ...",
    r"stands?(?![-_ ]?ins?(?![a-zA-Z])| for )": "is",
    r"where (?:it|they|there) (?:has|have|is|are) (?:none|no)": "if it has none, if there is no ...",
    r"(?<!there )(?:is|are|was|were) no (?!longer|more|less|such|other)\w+": "is not a ..., invalid ...",
    r"what (?:becomes|became|has become) of": "the result of, the outcome of",
    r"c[ao]mes? into being": "is created",
    r"all is well|well again": "accepts, accepts again",
    r"left to chance": "random",
    r"(?:has|have) its like": "repeats",
}

# Where a word has its ordinary meaning, or is somebody else's name: file, pattern, why.
ALLOWED = {
    ("simbridge/actors/transitions.py", r"doors?"): "the state machine of the example is a door",
    (
        "simbridge/targets/services/redshift.py",
        r"stock",
    ): "what a shop has; a name in examples of ARNs",
}

# Pages that a program writes as a whole.
WRITTEN = frozenset({"docs/reference/event-patterns.md"})
GENERATED = re.compile(r"<!-- generated: \w+ -->\n.*?<!-- end -->", re.DOTALL)
SHOWN = re.compile(r"^( *)```(?:output|console)\n.*?^\1```$", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)


def pending(name: str) -> bool:
    return name.startswith(tuple(f"{room}/" for room in PENDING_WORDS))


def names(*folders: str) -> list[str]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def prose_of_a_page(text: str) -> str:
    """Without what is written by programs: generated tables and printed outputs. Lines keep their numbers."""
    for made in (GENERATED, SHOWN):
        text = made.sub(lambda found: "\n" * found[0].count("\n"), text)
    return text


def texts() -> Iterator[tuple[str, str]]:
    """What is read: code with its comments, pages, text cells of notebooks, and the names of tests."""
    for name in names("simbridge"):
        yield name, (ROOT / name).read_text(encoding="utf-8")
    for name in names("tests"):
        code = (ROOT / name).read_text(encoding="utf-8")
        yield name, "\n".join([name, *TEST.findall(code)])
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = f"{page.stem.replace('-', ' ')} {page.read_text(encoding='utf-8')}"
        if str(page.relative_to(ROOT)) not in WRITTEN:
            yield str(page.relative_to(ROOT)), prose_of_a_page(text)
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        yield str(notebook.relative_to(ROOT)), "\n".join("".join(c["source"]) for c in cells)


def banned_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, the words that were found, and their pattern."""
    for pattern in BANNED:
        whole = rf"(?<![a-zA-Z])(?:{pattern})(?![a-zA-Z])"
        for found in re.finditer(whole, text, re.IGNORECASE):
            yield text.count("\n", 0, found.start()) + 1, found[0], pattern


@pytest.mark.parametrize(("name", "text"), [pair for pair in texts() if not pending(pair[0])])
def test_words_are_plain(name: str, text: str) -> None:
    """No metaphor of ours where the field has a word."""
    found = [
        f"{name}:{line}: {words!r}: write {BANNED[pattern]}"
        for line, words, pattern in banned_in(text)
        if (name, pattern) not in ALLOWED
    ]
    assert not found, "\n".join(found)


def test_what_is_allowed_is_needed() -> None:
    """An exception goes when its word goes."""
    used = {(name, pattern) for name, text in texts() for _, _, pattern in banned_in(text)}
    assert set(ALLOWED) <= used


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an actor lives there", ["lives"]),
        ("the_twin = 1", ["twin"]),
        ("told, Told, TOLD, untold", ["told", "Told", "TOLD"]),
        ("a text that is no JSON", ["is no JSON"]),
        ("there is no rule, and it is no longer there", []),
        ("a stand-in; stand_ins; it stands; a StandIn; * stands for any", ["stands"]),
        ("guest mode, start_guest_run, a guest", ["guest"]),
        ("users who know; a task who waits; whose", ["who"]),
    ],
)
def test_a_banned_word_is_found(text: str, found: list[str]) -> None:
    """Whole words, in any case, as a part of a name as well."""
    assert [words for _, words, _ in banned_in(text)] == found


@pytest.mark.parametrize("folder", LINES_MAX)
def test_files_are_short(folder: str) -> None:
    """A file that grows beyond the bound is two modules."""
    long = {name for name in names(folder) if lines_of(name) > LINES_MAX[folder]}
    assert not long - set(LONG) - PENDING_LONG, "split them, or say in LONG why they are long"


def functions(name: str) -> Iterator[tuple[str, int]]:
    """Each function of a file, and how many lines it has without its docstring."""
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            described = len((ast.get_docstring(node, clean=False) or "").splitlines())
            yield f"{name}: {node.name}", (node.end_lineno or 0) - node.lineno + 1 - described


def test_functions_are_short() -> None:
    """A longer one does two things; those that must be long are listed with a reason."""
    lines = dict(pair for name in names("simbridge") for pair in functions(name))
    long = {name for name, count in lines.items() if count > FUNCTION_LINES_MAX}
    assert long == set(LONG_FUNCTIONS), "split them, or say in LONG_FUNCTIONS why they are long"


def lines_of(name: str) -> int:
    return len((ROOT / name).read_text(encoding="utf-8").splitlines())


def test_what_is_pending_is_there() -> None:
    """The lists hold files that are too long, and folders that exist."""
    for name in [*LONG, *PENDING_LONG]:
        assert lines_of(name) > LINES_MAX[name.partition("/")[0]], f"{name} is short enough"
    for folder in PENDING_WORDS:
        assert (ROOT / folder).is_dir(), f"{folder} is not there"
