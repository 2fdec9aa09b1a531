"""What `explain` proposes for a value that does not match, matches."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

import simbridge as sb

TEXTS = [
    *("a*", "*c", "*b*", "a**c", "A*", "x*", "*.png", "a*c ", "a\\*", "5 * 4", "in/*", "**"),
    *(
        "^a.*$",
        "^abc",
        "bc$",
        "^abc$",
        "/abc/",
        "/^a/",
        "a.*",
        ".*",
        ".+",
        "in/.*",
        "a|b",
        "(a|abc)",
    ),
    *("[a-z]+", "\\d+", "a\\.b", "^in/.*\\.png$", "a.c", "*.*", ".*\\.png", "(a.*)|b", "^", "$"),
    *("prefix:a", "prefix: in/", "suffix:.png", "wildcard:*b*", "startsWith(a)", "contains:b"),
    *("exists:true", "exists: false", "anything-but:x", "!x", "!abc", "> 5", ">5", ">=5,<10", "=7"),
    *('{"prefix": "a"}', '{ "wildcard":"*.png" }', '[{"suffix": "c"}]', '["abc"]', '{"x"', "{}"),
    *('{"numeric": [">", 5]}', '"abc"', "10.0.0.0/8", "cidr:10.0.0.0/8", "::/0", "abc ", " abc"),
    *("ABC", "ab", "bc", "b", "7", "7.0", "true", "null", "equals:abc", "numeric:>5", "in:abc", ""),
]
VALUES = [
    "abc",
    "ABC",
    "in/a.png",
    "in/",
    "a*c",
    "a\\b",
    "5 * 4",
    "10.1.2.3",
    "7",
    7,
    True,
    None,
    "",
]
OPERATORS = ["%s", '{"prefix": %s}', '{"suffix": %s}', '{"exactly": %s}', '{"wildcard": %s}']


@pytest.mark.parametrize("text", TEXTS)
def test_explain_proposes_what_matches(text: str) -> None:
    """Whatever the text, the operator and the value: a proposal holds for the event explained."""
    for operator, value in product(OPERATORS, VALUES):
        event = {"detail": {"f": value}}
        try:
            found = sb.explain(f'{{"detail": {{"f": [{operator % json.dumps(text)}]}}}}', event)
        except sb.InvalidPattern as told:
            for proposal in told.proposals:
                sb.match(proposal, event)
            continue
        check_proposals(found, event)


def check_proposals(found: sb.Explanation, event: dict[str, Any]) -> None:
    """Every proposal matches, and what is told to be used is a proposal."""
    for row in found.rows:
        for proposal in row.proposals:
            values = json.loads(proposal.leaf)
            assert sb.match({proposal.path: values}, event), (row, event)
        if ": use " in row.hint:
            (proposal,) = row.proposals
            assert row.hint.endswith(proposal.leaf[1:-1])


@pytest.mark.parametrize(
    ("text", "value", "leaf"),
    [
        ("in/.*", "in/a", '[{"wildcard": "*in/*"}]'),
        ("^in/.*", "in/a", '[{"wildcard": "in/*"}]'),
        ("^in/", "in/a", '[{"prefix": "in/"}]'),
        ("/png$/", "a.png", '[{"suffix": "png"}]'),
        ("a|b", "b", '["a", "b"]'),
        ("in/*", "in/a", '[{"wildcard": "in/*"}]'),
        ("prefix:in/", "in/a", '[{"prefix": "in/"}]'),
        (">=5,<10", 7, '[{"numeric": [">=", 5, "<", 10]}]'),
        ("10.0.0.0/8", "10.0.0.1", '[{"cidr": "10.0.0.0/8"}]'),
        ('{"prefix":"in/"}', "in/a", '[{"prefix": "in/"}]'),
        ("{'prefix': 'in/'}", "in/a", '[{"prefix": "in/"}]'),
        ('"prefix": "in/"', "in/a", '[{"prefix": "in/"}]'),
        ('{"numeric": [">", 5]}', 7, '[{"numeric": [">", 5]}]'),
        ('{"anything-but": {"prefix": "b"}}', "a", '[{"anything-but": {"prefix": "b"}}]'),
        ("b", "abc", '[{"wildcard": "*b*"}]'),
        ("{prefix: Ann}", "Anna", '[{"prefix": "Ann"}]'),
        ("[{suffix: na}]", "Anna", '[{"suffix": "na"}]'),
        ("{anything-but: Bob}", "Anna", '[{"anything-but": "Bob"}]'),
        ("numeric > 100", 150, '[{"numeric": [">", 100]}]'),
        ("numeric >= 1, < 200", 150, '[{"numeric": [">=", 1, "<", 200]}]'),
        ("prefix Ann", "Anna", '[{"prefix": "Ann"}]'),
        ("cidr 10.0.0.0/8", "10.1.2.3", '[{"cidr": "10.0.0.0/8"}]'),
        ("7", 7, "[7]"),
        (" abc", "abc", '["abc"]'),
    ],
)
def test_what_explain_proposes(text: str, value: Any, leaf: str) -> None:
    """Operators and expressions written as text."""
    (row,) = sb.explain({"f": [text]}, {"f": value}).rows
    assert row.proposals == (("f", leaf),)


@pytest.mark.parametrize(
    ("text", "value", "other"),
    [
        ("aws.*", "aws.s3", "my.laws"),
        ("10.0.*", "10.0.1.2", "110.0.1"),
        ("10.0.0.*", "10.0.0.7", "10.0.1.7"),
        ("logs/a.*", "logs/a.txt", "old/logs/a.txt"),
        ("arn:aws:s3:::my.*", "arn:aws:s3:::my.bucket", "arn:aws:s3:::mybucket"),
        ("*.tar.*", "x.tar.gz", "xtar"),
        ("v1.*.0", "v1.22.0", "v1.22.01"),
        ("[a].*", "[a].b", "a.b"),
    ],
)
def test_a_star_is_a_glob_where_it_fits(text: str, value: str, other: str) -> None:
    """A text with stars that fits the value as a wildcard is proposed as it stands."""
    for leaf in (text, {"exactly": text}):
        (row,) = sb.explain({"f": [leaf]}, {"f": value}).rows
        assert [json.loads(one.leaf) for one in row.proposals] == [[{"wildcard": text}]]
        assert "expression" not in row.hint
        assert not sb.match({"f": [{"wildcard": text}]}, {"f": other})


@pytest.mark.parametrize(
    ("text", "value", "leaf"),
    [
        ("^aws\\..*", "aws.s3", [{"wildcard": "aws.*"}]),
        ("^aws.*", "aws.s3", [{"wildcard": "aws*"}]),
        (".*\\.png$", "a.png", [{"wildcard": "*.png"}]),
        ("^logs/.*\\.txt$", "logs/a.txt", [{"wildcard": "logs/*.txt"}]),
        ("^10\\.0\\.*", "10.0.1.2", [{"wildcard": "10.0.*"}]),
        ("^(aws|gcp)", "aws.s3", [{"prefix": "aws"}, {"prefix": "gcp"}]),
        ("(png|jpg)$", "a.png", [{"suffix": "png"}, {"suffix": "jpg"}]),
        ("^(png|jpg)$", "png", ["png", "jpg"]),
        ("aws.*", "awsome", [{"wildcard": "*aws*"}]),
    ],
)
def test_a_regular_expression_keeps_its_anchors(text: str, value: str, leaf: Any) -> None:
    """What does not fit as a wildcard is read as a regular expression."""
    (row,) = sb.explain({"f": [text]}, {"f": value}).rows
    assert [json.loads(one.leaf) for one in row.proposals] == [leaf]
    assert row.hint.startswith("a pattern has no regular expressions: use ")


@pytest.mark.parametrize(
    ("text", "value", "hint"),
    [
        (
            "*.png",
            "a.jpg",
            'character here; {"wildcard": "*.png"} would not match this value either',
        ),
        ('{"prefix": "z"}', "abc", '{"prefix": "z"} would not match this value either'),
        ("{prefix: Ann}", "Bob", '{"prefix": "Ann"} would not match this value either'),
        ("numeric > 100", 7, '{"numeric": [">", 100]} would not match this value either'),
        ("> 100", 7, '{"numeric": [">", 100]} would not match this value either'),
        ("prefix: z", "abc", '{"prefix": "z"} would not match this value either'),
        ("[a-z]+", "abc", "a pattern has no regular expressions"),
        ("\\d+", "12", "a pattern has no regular expressions"),
    ],
)
def test_what_would_not_help_is_not_proposed(text: str, value: Any, hint: str) -> None:
    """The slip is named all the same."""
    (row,) = sb.explain({"f": [text]}, {"f": value}).rows
    assert hint in row.hint and not row.proposals
