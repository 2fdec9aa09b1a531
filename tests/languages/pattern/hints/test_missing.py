"""What `explain` says about a field that the event does not have: an operator, or another path."""

from __future__ import annotations

import json
from typing import Any

import pytest

import simbridge as sb


def check_proposals(found: sb.Explanation, event: dict[str, Any]) -> None:
    """Every proposal matches."""
    for row in found.rows:
        for proposal in row.proposals:
            assert sb.match({proposal.path: json.loads(proposal.leaf)}, event), (row, event)


EVENT = {"source": "s", "k": "z", "detail": {"status": "ok", "n": 5, "kk": {"a": 1, "b": "x"}}}


@pytest.mark.parametrize(
    ("pattern", "path", "leaf"),
    [
        (
            {"detail": {"anything-but": {"status": ["bad"]}}},
            "detail.status", [{"anything-but": ["bad"]}],
        ),
        ({"detail": {"prefix": {"status": ["o"]}}}, "detail.status", [{"prefix": "o"}]),
        ({"detail": {"numeric": {"n": [">", 0]}}}, "detail.n", [{"numeric": [">", 0]}]),
        (
            {"anythingBut": {"detail": {"status": ["bad"]}}},
            "detail.status", [{"anything-but": ["bad"]}],
        ),
        (
            {"detail": {"anything-but": {"status": {"prefix": ["b"]}}}},
            "detail.status", [{"anything-but": {"prefix": "b"}}],
        ),
        ({"EventPattern": {"source": ["s"]}}, "source", ["s"]),
        ({"eventPattern": {"detail": {"n": [5]}}}, "detail.n", [5]),
        ({"event-pattern": {"k": [{"prefix": "z"}]}}, "k", [{"prefix": "z"}]),
        ({"Pattern": {"detail": {"status": ["ok"]}}}, "detail.status", ["ok"]),
    ],
)  # fmt: skip
def test_what_is_around_a_field(pattern: Any, path: str, leaf: Any) -> None:
    """An operator or a parameter around a field is named, and the field proposed without it."""
    row = sb.explain(pattern, EVENT).rows[-1]
    assert [(one.path, json.loads(one.leaf)) for one in row.proposals] == [(path, leaf)]
    name = next(iter(pattern.get("detail", pattern)))
    assert row.hint.startswith(f"{name} is a")
    check_proposals(sb.explain(pattern, EVENT), EVENT)


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ({"detail": {"exists": [True]}}, "exists is an operator, not a field: it belongs"),
        ({"detail": {"exists": [False]}}, "exists is an operator, not a field: it belongs"),
        ({"detail": {"anything-but": ["y"]}}, "anything-but is an operator, not a field: it be"),
        ({"detail": {"kk": {"anythingBut": ["y"]}}}, "anythingBut is an operator, not a field: it"),
        ({"kk": {"anythingBut": ["y"]}}, "anythingBut is an operator, not a field: write "),
        ({"exists": [True]}, "exists is an operator, not a field: it belongs"),
        (
            {"detail": {"anything-but": {"status": ["ok"]}}},
            'write "status": [{"anything-but": ["ok',
        ),
        ({"EventPattern": {"source": ["q"]}}, 'write {"source": ["q"]}, which would not match'),
    ],
)
def test_an_operator_is_named_without_a_field(pattern: Any, hint: str) -> None:
    """Where any field would do, or none does, nothing is proposed."""
    row = sb.explain(pattern, EVENT).rows[-1]
    assert hint in row.hint and not row.proposals


@pytest.mark.parametrize(
    ("pattern", "event", "path"),
    [
        ({"Source": ["a"]}, {"source": "a"}, "source"),
        ({"detailType": ["t"]}, {"detail-type": "t"}, "detail-type"),
        ({"detail_type": ["t"]}, {"detail-type": "t"}, "detail-type"),
        ({"detail": {"OrderId": [1]}}, {"detail": {"order_id": 1}}, "detail.order_id"),
        ({"order": {"id": [1]}}, {"detail": {"order": {"id": 1}}}, "detail.order.id"),
        ({"detail": {"source": ["a"]}}, {"source": "a", "detail": {}}, "source"),
        ({"detail": {"Order": {"id": [1]}}}, {"detail": {"order": {"id": 1}}}, "detail.order.id"),
    ],
)
def test_fields_by_another_name(pattern: Any, event: dict[str, Any], path: str) -> None:
    """The path that the event has is proposed, if the match values hold there."""
    found = sb.explain(pattern, event)
    check_proposals(found, event)
    assert [one.path for row in found.rows for one in row.proposals] == [path]
    assert found.to_dict()["rows"][-1]["proposals"][0]["path"] == path  # type: ignore[index]
