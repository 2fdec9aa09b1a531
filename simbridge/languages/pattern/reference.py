"""The reference page of the pattern language, made from the table of operators.

    python -m simbridge.languages.pattern.reference > docs/reference/event-patterns.md

The page cannot drift: a test makes it anew and compares, and another tries every example on it.
"""

from __future__ import annotations

from typing import Final

from simbridge.languages.pattern.operators import OPERATORS, Example, Operator
from simbridge.languages.pattern.syntax import FIELDS_MAX, SUBRULES_MAX
from simbridge.languages.pattern.wildcards import COMPLEXITY_MAX

__all__ = ["PLAIN_VALUES", "page"]

PLAIN_VALUES: Final = (
    Example('["running"]', ('"running"',), ('"Running"', '"running "', "")),
    Example("[300]", ("300", "300.0", "3.0e2"), ('"300"', "301")),
    Example("[true]", ("true",), ('"true"', "1")),
    Example("[null]", ("null",), ('"null"', '""', "[]", "")),
    Example('["a", "b"]', ('"a"', '["x", "b"]'), ('"c"', "[]")),
    Example('["2001:db8::1"]', ('"2001:0DB8:0:0::1"',), ('"2001:db8::2"',)),
)
"""Match values without an operator."""

_INTRODUCTION: Final = """\
# Event patterns

<!-- Made by `python -m simbridge.languages.pattern.reference`; change the table of operators and not this page. -->

A rule's *event pattern* says which events the rule wants.
It is a JSON object shaped like the event: inner objects follow the objects of the event, and every leaf is an
array of *match values*.

```json
{
  "source": ["shop"],
  "detail": {
    "state": ["paid", {"prefix": "ship"}],
    "amount": [{"numeric": [">", 100]}]
  }
}
```

- Every field has to hold; of the match values in one array, one is enough.
- A field that the pattern does not name does not matter.
- Keys and values are compared to the letter: case, spaces and Unicode forms count.
- A dot in a key is a step: `{"detail.state": [...]}` and `{"detail": {"state": [...]}}` are the same pattern, and
  the same event. If a pattern spells a path twice, the later array counts; of two objects for one key, both.
- If an event has a key twice, every value counts: `{"a": 1, "a": 2}` is matched by `[1]` and by `[2]`.
  That is so in a text and in the detail of an event that is put; targets receive the last value.

`sb.match(pattern, event)` evaluates one pattern, `sb.Matcher({name: pattern})` many at once, and
`sb.explain(pattern, event)` says why; `simbridge match` and `simbridge explain` do it from a shell.

In the tables below an event value of *missing* is a field that is not there.

## Plain values

A string, a number, `true`, `false` or `null` matches itself.
A string that is an IP address matches every spelling of the address.
"""

_RULES: Final = f"""\
## Numbers

Numbers are compared as numbers: `300`, `300.0` and `3e2` are equal, and a string is never a number.
They are double floats. A number that a double cannot hold digit by digit equals its own spelling and nothing else;
`numeric` and `anything-but` refuse such a number.

## Lone surrogates

JSON can escape half of a UTF-16 surrogate pair, `"\\ud800"`, which UTF-8 cannot encode.
It is read as a question mark, in patterns and in events, as AWS's open-source matcher compares it.
So is one in a Python string, in a file of events, and in a `Detail` that is put: its targets receive the
question mark. What EventBridge itself does with one is not documented.

## Arrays in events

- If the event has an array of values, one of them is enough, for `anything-but` too:
  `["a", "b"]` matches `{{"anything-but": "a"}}` because of `"b"`.
- Arrays of objects are looked into. Fields that a pattern names below one array have to hold in the *same*
  element of it: `{{"items": {{"kind": ["a"], "size": [2]}}}}` wants one item that is of kind a and of size 2.
- An empty array has no values: no operator but `{{"exists": false}}` matches it.
- A JSON text inside a string is a string; a pattern cannot see into it.

## `$or`

`"$or"` is a key whose array holds whole patterns (two or more), one of which is enough.
It may be beside other fields, which have to hold as well, and inside its own branches.

```json
{{
  "source": ["shop"],
  "detail": {{"$or": [{{"state": ["paid"]}}, {{"amount": [{{"numeric": [">", 100]}}]}}]}}
}}
```

Every way to choose branches counts as a rule of its own; more than {SUBRULES_MAX:,} of them are refused.
Inside `$or` no field may be called like an operator.

## Limits

| what | most | when there is more |
|---|--:|---|
| characters of a pattern in PutRule | 2,048 | `ValidationException` (the quota `event_pattern_chars` of a world) |
| combinations of `$or` branches | {SUBRULES_MAX:,} | `InvalidEventPatternException` |
| fields of one combination | {FIELDS_MAX} | `InvalidEventPatternException` |
| beginnings of wildcards that one value can spell at once | {COMPLEXITY_MAX} | `InvalidEventPatternException` |
| rules with wildcards on one bus | 30 | `LimitExceededException` |

The fourth is AWS's rule against slow wildcards: `*a*a*a*a*a` is allowed and ten such stars are not.

## Errors

A pattern that is not valid is refused with `InvalidEventPatternException`, by `sb.match` with `InvalidPattern`.
The text is AWS's, with the line and the column at which its parser stopped:

```
Event pattern is not valid. Reason: "source" must be an object or an array
 at [Source: (String)"{{"source": "shop"}}"; line: 1, column: 13]
```

What follows is simbridge's: what was meant, as far as the pattern shows it. It is in `error.detail`,
and the whole pattern that it proposes in `error.proposals`.
A boto3 client receives AWS's words only; the timeline of a trace has both.

```
Match values belong in an array: write "source": ["shop"].
```

Everything that is proposed is a valid pattern.

| you write | proposed |
|---|---|
| `{{"a": {{"prefix": "x"}}}}` | `{{"a": [{{"prefix": "x"}}]}}` |
| `{{"a": [{{"startsWith": "x"}}]}}` | `{{"a": [{{"prefix": "x"}}]}}` |
| `{{"a": [{{"anything_but": "x"}}]}}` | `{{"a": [{{"anything-but": "x"}}]}}` |
| `{{"a": [{{"contains": "x"}}]}}` | `{{"a": [{{"wildcard": "*x*"}}]}}` |
| `{{"a": [{{"regex": "^x.*"}}]}}` | `{{"a": [{{"wildcard": "x*"}}]}}` |
| `{{"a": [{{">": 5}}]}}` | `{{"a": [{{"numeric": [">", 5]}}]}}` |
| `{{"a": [{{"numeric": "5"}}]}}` | `{{"a": [{{"numeric": ["=", 5]}}]}}` |
| `{{"a": [{{"exists": "true"}}]}}` | `{{"a": [{{"exists": true}}]}}` |
| `{{"a": [["x"], "y"]}}` | `{{"a": ["x", "y"]}}` |
| `{{'a': ['x'],}}` | `{{"a": ["x"]}}` |

An operator in the place of a field, `{{"a": {{"prefix": ["x"]}}}}`, and one in quotes, `{{"a": ["prefix:x"]}}`, are
valid patterns that rarely match. `sb.explain` names them, and regular expressions, and proposes what was meant
if that holds for the event: in the hint, and as `proposals` of the row.

Python objects that JSON cannot hold (a set, bytes, NaN, a key that is not text) are not valid patterns; what
follows AWS's sentence then says what was found, and where.
"""


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION, _examples(PLAIN_VALUES), "## Operators\n", _overview()]
    parts += [_section(operator) for operator in OPERATORS.values()]
    return "\n".join([*parts, _RULES])


def _overview() -> str:
    rows = [f"| [`{row.name}`](#{row.name}) | {row.operand} |" for row in OPERATORS.values()]
    return "\n".join(["| operator | what follows it |", "|---|---|", *rows, ""])


def _section(operator: Operator) -> str:
    return f"### {operator.name}\n\n{operator.meaning}\n\n{_examples(operator.examples)}"


def _examples(examples: tuple[Example, ...]) -> str:
    rows = [
        f"| `{example.leaf}` | {_values(example.takes)} | {_values(example.refuses)} |"
        for example in examples
    ]
    return "\n".join(["| pattern | matches | does not match |", "|---|---|---|", *rows, ""])


def _values(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" if value else "*missing*" for value in values)


if __name__ == "__main__":
    print(page(), end="")
