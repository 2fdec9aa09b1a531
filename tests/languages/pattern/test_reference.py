"""The reference page is made from the table of operators, and every example on it is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.languages.pattern.operators import OPERATORS, Example
from simbridge.languages.pattern.reference import PLAIN_VALUES, page

PAGE = Path(sb.__file__).parents[1] / "docs" / "reference" / "event-patterns.md"
EXAMPLES = [*PLAIN_VALUES, *(one for row in OPERATORS.values() for one in row.examples)]


def test_the_page_is_up_to_date() -> None:
    """Make it anew with `python -m simbridge.languages.pattern.reference > docs/reference/event-patterns.md`."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.leaf)
def test_examples(example: Example) -> None:
    """Each event value on the page matches, or does not, as the page says."""
    pattern = f'{{"detail": {{"field": {example.leaf}}}}}'
    for values, matches in ((example.takes, True), (example.refuses, False)):
        for value in values:
            event = f'{{"detail": {{"field": {value}}}}}' if value else '{"detail": {}}'
            assert sb.match(pattern, event) is matches, value


def test_every_operator_has_examples_of_both_kinds() -> None:
    """A new operator cannot be left undocumented."""
    for name, row in OPERATORS.items():
        assert name == row.name and row.meaning.endswith(".") and row.operand
        assert any(one.takes for one in row.examples) and any(one.refuses for one in row.examples)
        assert all(json.loads(one.leaf)[0].keys() == {name} for one in row.examples)


def test_the_patterns_on_the_page_are_valid() -> None:
    """Those in blocks, and the refusal that is quoted."""
    text = page()
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        sb.Matcher({"": block})
    with pytest.raises(sb.InvalidPattern) as caught:
        sb.match('{"source": "shop"}', {})
    assert f"```\n{caught.value.text}\n```" in text
    assert f"```\n{caught.value.detail}\n```" in text
    proposals = re.findall(r"\| `(.*)` \| `(.*)` \|\n", text[text.index("| you write |") :])
    assert len(proposals) >= 8
    for written, proposed in proposals:
        with pytest.raises(sb.InvalidPattern) as caught:
            sb.match(written, {})
        assert caught.value.proposals == (proposed,)
