"""Paths: which are paths, and what they find."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.languages.transform.paths import parse

EVENT = {
    "detail-type": "Order",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "nothing": None,
        "no": False,
        "zero": 0,
        "under_score": "u",
        "a-b": "dash",
        "a/b": "slash",
        "lines": [{"sku": "x"}, {"price": 2}, {"sku": "y", "price": 3}],
        "grid": [[1, 2], [3], "no row", []],
    },
}

FOUND = [
    ("$", EVENT),
    ("$.detail-type", "Order"),
    ("$.resources", ["arn:one", "arn:two"]),
    ("$.resources[1]", "arn:two"),
    ("$.resources[0000000001]", "arn:two"),
    ("$.resources[*]", ["arn:one", "arn:two"]),
    ("$.detail.nothing", None),
    ("$.detail.no", False),
    ("$.detail.zero", 0),
    ("$.detail.under_score", "u"),
    ("$.detail.a-b", "dash"),
    ("$.detail.a/b", "slash"),
    ("$.detail.lines[2].sku", "y"),
    ("$.detail.lines[*].sku", ["x", "y"]),
    ("$.detail.lines[*].none", []),
    ("$.detail.grid[*]", [[1, 2], [3], "no row", []]),
    ("$.detail.grid[*][*]", [1, 2, 3]),
    ("$.detail.grid[*][0]", [1, 3]),
    ("$.detail.grid[3][*]", []),
]

ABSENT = [
    "$.missing",
    "$.detail.missing.more",
    "$.resources[2]",
    "$.resources[9999999999]",
    "$.resources.name",
    "$.detail[0]",
    "$[0]",
    "$[*]",
    "$.detail[*]",
    "$.detail.missing[*]",
    "$.detail-type[*].x",
    "$.detail-type[0]",
    "$.detail.nothing.more",
]

REFUSED = [
    "",
    "detail.text",  # captured
    "$.detail['k']",  # captured
    "$['detail']['text']",  # captured
    '$["detail"]["text"]',  # captured
    "$..text",  # captured
    "$.detail.object.*",  # captured
    "$.detail.array[-1]",  # captured
    "$.detail.array[0:2]",  # captured
    "$.",
    "$.a.",
    "$a",
    " $.a",
    "$.a ",
    "$.a\n",
    "$.a b",
    "$.a[]",
    "$.a[1",
    "$.a[x]",
    "$.a[12345678901]",
    "$.\u00e9",
    "$.a[\u0661]",
    "$$",
    "$.a@b",
]


@pytest.mark.parametrize(("text", "value"), FOUND)
def test_a_path_leads_to_a_value(text: str, value: object) -> None:
    """Names, indices and `[*]` are followed; null, false and 0 are values."""
    path = parse(text)
    assert path is not None
    assert path.find(EVENT) == value


@pytest.mark.parametrize("text", ABSENT)
def test_a_path_leads_nowhere(text: str) -> None:
    """A well-formed path that does not fit the event finds nothing, which is not null."""
    path = parse(text)
    assert path is not None
    assert path.find(EVENT) is msgspec.UNSET


@pytest.mark.parametrize("text", REFUSED)
def test_other_texts_are_no_paths(text: str) -> None:
    """What AWS refuses as a path has no meaning."""
    assert parse(text) is None


VALUES = st.recursive(
    st.none() | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
)


@given(st.text() | st.lists(st.sampled_from([".a", ".b", "[0]", "[*]"])).map("".join), VALUES)
def test_any_text_on_any_value(text: str, value: object) -> None:
    """Whatever the text and the value, nothing is raised."""
    for candidate in (text, "$" + text):
        path = parse(candidate)
        if path is not None:
            path.find(value)


@pytest.mark.parametrize(
    "text", ["$" + ".a" * 200_000, "$" + "[1]" * 100_000 + "x", "$." * 200_000]
)
def test_long_paths_take_linear_time(text: str) -> None:
    """A path is read in one go."""
    start = time.process_time()
    parse(text)
    assert time.process_time() - start < 5
