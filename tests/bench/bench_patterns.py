"""What matching events costs, beside decoding them; a table with ratios.

    python tests/bench/bench_patterns.py

Every time is the best of several rounds, microseconds for each event unless it says otherwise. The rounds
of all rows take turns, so that a machine that slows down slows all of them. Only ratios of one run mean
anything. "Fresh" events were decoded just before they are matched, as in a simulation; "kept" ones wait in
a list, and most of their time is spent on fetching them from memory.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

import simbridge as sb

EVENTS = 1_000
ROUNDS = 9
SOURCES = [f"aws.service-{i}" for i in range(20)]
Call = Callable[[Any], object]


def event(number: int, random: random.Random) -> dict[str, Any]:
    """An event of about 800 bytes."""
    return {
        "version": "0",
        "id": f"6a7e8feb-b491-4cf7-a9f1-{number:012}",
        "detail-type": f"EC2 Instance State-change Notification {number % 10}",
        "source": SOURCES[number % 20],
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": random.choice(["us-east-1", "eu-west-1"]),
        "resources": [f"arn:aws:ec2:us-east-1:123456789012:instance/i-{number:08x}"],
        "detail": {
            "instance-id": f"i-{number:08x}",
            "state": random.choice(["running", "stopped", "pending"]),
            "count": random.randrange(1000),
            "ratio": random.random(),
            "tags": {"env": random.choice(["prod", "dev"]), "team": f"team-{number % 30}"},
            "ip": f"10.0.{number % 256}.{number // 256 % 256}",
            "path": f"/var/log/application-{number % 50}.log",
            "key": f"value-{number % 40_000}",
            "message": "x" * 230,
            "user": {"name": f"user-{number % 100}", "role": "admin", "active": True},
        },
    }


MIXED: Sequence[Callable[[int], dict[str, Any]]] = (
    lambda i: {"state": ["running"]},
    lambda i: {"path": [{"prefix": "/var/log/application-1"}]},
    lambda i: {"path": [{"suffix": "9.log"}]},
    lambda i: {"count": [{"numeric": [">", 100 + i % 300, "<", 500]}]},
    lambda i: {"tags": {"env": [{"anything-but": ["dev"]}]}},
    lambda i: {"path": [{"wildcard": "*application-2*.log"}]},
    lambda i: {"ip": [{"cidr": "10.0.0.0/17"}], "user": {"role": [{"exists": True}]}},
)

FAMILIES: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "exact": lambda i: {"key": [f"value-{i}"]},
    "prefix": lambda i: {"key": [{"prefix": f"value-{i}"}]},
    "suffix": lambda i: {"key": [{"suffix": f"-{i}"}]},
    "equals-ignore-case": lambda i: {"key": [{"equals-ignore-case": f"VALUE-{i}"}]},
    "wildcard": lambda i: {"key": [{"wildcard": f"value*-{i}"}]},
    "anything-but": lambda i: {"key": [{"anything-but": [f"value-{i}"]}], "count": [i]},
    "numeric": lambda i: {"ratio": [{"numeric": [">", i / 1000, "<", (i + 10) / 1000]}]},
    "cidr": lambda i: {"ip": [{"cidr": f"10.0.{i % 256}.0/24"}]},
    "exists": lambda i: {"user": {f"field-{i % 50}": [{"exists": True}]}},
    "$or": lambda i: {"$or": [{"key": [f"value-{i}"]}, {"count": [i + 1000]}]},
}


def mixed(count: int) -> dict[str, str]:
    """Rules over seven operators, a third of them with a detail-type."""
    rules = {}
    for i in range(count):
        rule: dict[str, Any] = {"source": [SOURCES[i % 20]], "detail": MIXED[i % 7](i)}
        if i % 3 == 0:
            rule["detail-type"] = [f"EC2 Instance State-change Notification {i % 10}"]
        rules[f"mixed-{i}"] = json.dumps(rule)
    return rules


def exact(count: int) -> dict[str, str]:
    """Rules on two exact values."""
    return {
        f"exact-{i}": json.dumps({"source": [SOURCES[i % 20]], "detail": {"key": [f"value-{i}"]}})
        for i in range(count)
    }


def rounds(calls: Mapping[str, tuple[Call, Sequence[Any]]]) -> dict[str, float]:
    """Microseconds for each argument, the best round of each call."""
    best = dict.fromkeys(calls, float("inf"))
    for call, arguments in calls.values():
        for argument in arguments:
            call(argument)
    gc.collect()
    gc.disable()
    for _ in range(ROUNDS):
        for name, (call, arguments) in calls.items():
            began = time.perf_counter()
            for argument in arguments:
                call(argument)
            best[name] = min(best[name], (time.perf_counter() - began) / len(arguments) * 1e6)
    gc.enable()
    return best


def decoders() -> Iterator[tuple[str, Call]]:
    """The JSON readers to compare with, those that are installed."""
    yield "msgspec", msgspec.json.Decoder().decode
    if importlib.util.find_spec("orjson") is not None:
        yield "orjson", importlib.import_module("orjson").loads


def against_decoding(raw: Sequence[bytes]) -> None:
    """Sets of rules beside the decoding of the same events."""
    decode = msgspec.json.Decoder().decode
    kept = [decode(text) for text in raw]
    matchers = {f"{n} mixed rules": sb.Matcher(mixed(n)) for n in (1, 10, 35, 350)}
    matchers |= {f"{n:,} exact rules": sb.Matcher(exact(n)) for n in (2_000, 30_000)}
    calls: dict[str, tuple[Call, Sequence[Any]]] = {}
    for name, decoder in decoders():
        calls[f"decoding with {name}"] = decoder, raw
    for name, matcher in matchers.items():
        calls[f"{name}, kept"] = matcher.match_parsed, kept
        calls[f"{name}, fresh"] = _decode_and(matcher, decode), raw
    found = rounds(calls)
    decoding = min(cost for name, cost in found.items() if name.startswith("decoding"))
    with_msgspec = found["decoding with msgspec"]
    found = {name: cost - with_msgspec * name.endswith("fresh") for name, cost in found.items()}
    print(f"{'':34}{'µs/event':>10}{'/ decoding':>12}{'/ 35 mixed':>12}")
    for name, cost in found.items():
        like = found[f"35 mixed rules, {'fresh' if name.endswith('fresh') else 'kept'}"]
        print(f"{name:34}{cost:10.2f}{cost / decoding:12.2f}{cost / like:12.2f}")


def _decode_and(matcher: sb.Matcher, decode: Callable[[bytes], Any]) -> Call:
    return lambda text: matcher.match_parsed(decode(text))


def each_family(kept: Sequence[dict[str, Any]]) -> None:
    """Operators alone: 1,000 rules on one field, values seen before and values never seen."""
    count = 1_000
    print(f"\n{count:,} rules of one operator{'seen before':>25}{'new values':>12}{'matches':>10}")
    for name, family in FAMILIES.items():
        matcher = sb.Matcher({f"{i}": json.dumps({"detail": family(i)}) for i in range(count)})
        matcher.match_parsed(kept[0])
        began = time.perf_counter()
        matches = sum(len(matcher.match_parsed(one)) for one in kept)
        new = (time.perf_counter() - began) / len(kept) * 1e6
        seen = rounds({name: (matcher.match_parsed, kept[:200])})[name]
        print(f"{name:34}{seen:18.2f}{new:12.2f}{matches / len(kept):10.2f}")


def arrays() -> None:
    """An array of 1,000 objects, one rule and many."""
    items = [{"id": f"i{j}", "n": j, "state": "on" if j % 2 else "off"} for j in range(1_000)]
    happened = {"source": "a", "detail": {"items": items}}
    rule = {"id": ["i999"], "n": [{"numeric": [">", 5]}], "state": ["on"]}
    many = {f"{i}": {"detail": {"items": {"id": [f"i{i}"], "n": [i]}}} for i in range(2_000)}
    ten = [{"id": [f"i{i}"]} for i in range(10)]
    either = {"$or": ten, "n": [{"numeric": ["<", 0]}]}
    print("\nan array of 1,000 objects, milliseconds for each event")
    for name, patterns in {
        "1 rule on three fields": {"": {"detail": {"items": rule}}},
        "1 rule, $or with 10 branches": {"": {"detail": {"items": either}}},
        "2,000 rules on two exact fields": many,
    }.items():
        matcher = sb.Matcher(patterns)
        cost = rounds({name: (matcher.match_parsed, [happened] * 5)})[name] / 1e3
        print(f"{name:34}{cost:10.2f}")


def changes(kept: Sequence[dict[str, Any]]) -> None:
    """What a rule costs: to compile, to keep, and to add to many."""
    new = json.dumps({"source": ["aws.service-1"], "detail": {"path": [{"wildcard": "*q*"}]}})
    print(f"\n{'':34}{'add µs':>10}{'first µs':>10}{'one more':>10}{'remove':>10}{'bytes':>9}")
    for name, rules in {
        "35 mixed rules": mixed(35),
        "10,000 mixed rules": mixed(10_000),
        "10,000 exact rules": exact(10_000),
        "30,000 exact rules": exact(30_000),
    }.items():
        gc.collect()
        began = time.perf_counter()
        matcher = sb.Matcher(rules)
        added = time.perf_counter()
        matcher.match_parsed(kept[0])
        ready = time.perf_counter()
        for one in kept:
            matcher.match_parsed(one)
        took = [_timed(lambda m=matcher: _add_and_ask(m, new, kept[0])) for _ in range(5)]
        gone = _timed(lambda m=matcher: (m.remove("new"), m.match_parsed(kept[0])))
        print(
            f"{name:34}{(added - began) / len(rules) * 1e6:10.1f}"
            f"{(ready - added) / len(rules) * 1e6:10.1f}{max(took):10.0f}{gone:10.0f}"
            f"{_bytes(rules, kept):9,.0f}"
        )
    print(
        "add, first, bytes: for each rule; one more, remove: microseconds with the event after it"
    )


def _add_and_ask(matcher: sb.Matcher, pattern: str, happened: dict[str, Any]) -> None:
    matcher.add("new", pattern)
    matcher.match_parsed(happened)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e6


def _bytes(rules: Mapping[str, str], kept: Sequence[dict[str, Any]]) -> float:
    """Memory for each rule after the events were matched."""
    gc.collect()
    tracemalloc.start()
    matcher = sb.Matcher(rules)
    for one in kept:
        matcher.match_parsed(one)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(matcher)


def main() -> None:
    """Print everything."""
    stream = random.Random(1)
    events = [event(stream.randrange(1_000_000), stream) for _ in range(EVENTS)]
    raw = [msgspec.json.encode(one) for one in events]
    kept = [msgspec.json.decode(text) for text in raw]
    print(f"{EVENTS:,} different events of {sum(map(len, raw)) // EVENTS} bytes\n")
    against_decoding(raw)
    each_family(kept)
    arrays()
    changes(kept)


if __name__ == "__main__":
    main()
