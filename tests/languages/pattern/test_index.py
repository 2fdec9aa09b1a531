"""The index: whatever its size and the path it branches on, it finds what the rules say one by one."""

from __future__ import annotations

import random
from typing import Any

import pytest

import simbridge as sb


def rules_of(count: int, share: float) -> dict[str, dict[str, Any]]:
    """Rules with a prefix and a bound, a share of them for one of fifty sources."""
    chosen = random.Random(count)
    rules: dict[str, dict[str, Any]] = {}
    for number in range(count):
        prefix, bound = f"n{chosen.randrange(40)}", chosen.randrange(100)
        detail = {"name": [{"prefix": prefix}], "size": [{"numeric": ["<", bound]}]}
        rules[f"r{number}"] = {"detail": detail}
        if chosen.random() < share:
            rules[f"r{number}"]["source"] = [f"s{chosen.randrange(50)}"]
    return rules


def holds(rule: dict[str, Any], event: dict[str, Any]) -> bool:
    """The same in plain Python."""
    prefix = rule["detail"]["name"][0]["prefix"]
    bound = rule["detail"]["size"][0]["numeric"][1]
    return (
        event["source"] in rule.get("source", [event["source"]])
        and event["detail"]["name"].startswith(prefix)
        and event["detail"]["size"] < bound
    )


def events() -> list[dict[str, Any]]:
    """Events for all of the sources."""
    chosen = random.Random(7)
    return [
        {
            "source": f"s{number % 55}",
            "detail": {"name": f"n{chosen.randrange(60)}", "size": chosen.randrange(100)},
        }
        for number in range(110)
    ]


@pytest.mark.parametrize(
    ("count", "share", "branches"),
    [(4, 1, False), (60, 1, True), (500, 0.7, False), (500, 0.9, True), (4000, 0.7, True)],
)
def test_a_branch_spares_a_pool(count: int, share: float, branches: bool) -> None:
    """A path gets one if nearly all rules name exact values for it, or if more than a pool is left."""
    rules = rules_of(count, share)
    matcher = sb.Matcher(rules)
    for event in events():
        expected = sorted(name for name, rule in rules.items() if holds(rule, event))
        assert matcher.match(event) == expected
    assert bool(matcher._index.branches) is branches


def test_the_index_changes_while_it_is_used() -> None:
    """Rules are added and removed between events, past each size at which the index is built anew."""
    rules = rules_of(1500, 0.8)
    matcher, kept = sb.Matcher(), dict[str, dict[str, Any]]()
    given = events()
    for number, (name, rule) in enumerate(rules.items()):
        matcher.add(name, rule)
        kept[name] = rule
        if number % 3 == 0:
            gone = f"r{number // 3}"
            matcher.remove(gone)
            del kept[gone]
        if number % 50 == 0:
            event = given[number // 50]
            assert matcher.match(event) == sorted(n for n in kept if holds(kept[n], event))
