"""Random worlds and random faults; then everything heals, and nothing may be left over.

What is checked is conservation: each event that was accepted and each target of a rule that matches it
have one delivery, which ends once and by the rules of its retry policy. The rules are read off the
records here, by code of this file, not by `Trace.deliveries`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.clock import SECOND
from simbridge.model import backoff
from simbridge.model.error_codes import RETRIED
from simbridge.model.messages import Call, DeadLetter, Drop, Invoke, Match, Outcome

START = "2026-03-01T00:00:00Z"
SOURCES = ("a", "b", "c")
TARGETS = ("one", "two", "three")
ENDPOINTS = {"partner": "https://api.example.com", "tokens": "https://auth.example.com/token"}
CONNECTIONS = {
    "key": ("API_KEY", {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}),
    "oauth": (
        "OAUTH_CLIENT_CREDENTIALS",
        {
            "OAuthParameters": {
                "AuthorizationEndpoint": ENDPOINTS["tokens"],
                "HttpMethod": "POST",
                "ClientParameters": {"ClientID": "c", "ClientSecret": "s"},
            }
        },
    ),
}
"""Connections by name; each has an API destination of that name."""
ROLE = "arn:aws:iam::123456789012:role/r"
DAY_S = 86_400

codes = st.sampled_from(
    ["THROTTLING", "TIMEOUT", "INTERNAL_ERROR", "NO_PERMISSIONS", "NO_RESOURCE", "UNKNOWN"]
)
policies = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "MaximumRetryAttempts": st.sampled_from([0, 1, 3, 20, 185]),
        "MaximumEventAgeInSeconds": st.sampled_from([60, 61, 900, 7200, DAY_S]),
    },
)
places = st.fixed_dictionaries(
    {
        "to": st.sampled_from((*TARGETS, "nowhere", *CONNECTIONS)),
        "retry": policies,
        "dead": st.sampled_from([None, "dead", "dead", "missing"]),
        "input": st.sampled_from([None, None, '"fixed"', "<broken>"]),
    }
)
rules = st.lists(
    st.tuples(st.sampled_from(SOURCES), st.lists(places, min_size=1, max_size=3)),
    min_size=1,
    max_size=3,
)
guards = st.sampled_from(["rule-0", "rule-1", "nobody", "everybody", None])
"""Whom a resource policy lets in: one rule, nobody, everybody; None: there is none."""
manners = st.one_of(
    st.tuples(st.just("fails"), codes, st.sampled_from([0.0, 0.3, 1.0]), st.integers(1, 90_000)),
    st.tuples(st.just("slow"), st.sampled_from(["10ms", "5s", "3m", "2h"])),
    st.tuples(st.just("per_second"), st.integers(1, 3)),
    st.tuples(st.just("concurrency"), st.integers(1, 3)),
    st.tuples(st.just("script"), st.lists(codes | st.just("ok"), max_size=6)),
    st.tuples(st.just("recovers")),
    st.tuples(st.just("policy"), guards),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(SOURCES), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.integers(1, 20_000_000) | st.integers(1, 20_000 * SECOND)),
        st.tuples(st.just("behave"), st.sampled_from((*TARGETS, "dead", *ENDPOINTS)), manners),
        st.tuples(
            st.just("connection"),
            st.sampled_from(["deauthorize", "update"]),
            st.sampled_from(list(CONNECTIONS)),
        ),
        st.tuples(
            st.just("rule"),
            st.sampled_from(["disable", "enable", "delete", "put"]),
            st.integers(0, 2),
        ),
    ),
    min_size=2,
    max_size=8,
)
latencies = {"delivery_latency_median_us": 200_000, "delivery_latency_p99_us": 900_000}
numbers = st.tuples(
    st.sampled_from([{}, latencies]),
    st.fixed_dictionaries(
        {},
        optional={
            "invocations_per_second": st.integers(1, 3),
            "put_events_per_second": st.just(5),
            "duplicates_per_million": st.sampled_from([300_000, 1_000_000]),
            "retry_attempts": st.integers(0, 9),
            "event_age_s": st.sampled_from([0, 90, 3600]),
        },
    ),
).map(lambda both: {**both[0], **both[1]})
plans = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 3),
        "backoff": st.sampled_from(["default", "sparse", "sparse", "sparse"]),
        "limits": numbers,
        "permissions": st.sampled_from(["ignore", "ignore", "enforce"]),
        "rules": rules,
        "steps": steps,
    }
)


CURVES = {
    "default": backoff.DEFAULT,
    "sparse": backoff.exponential("5s", factor=3, cap="3h", jitter="equal"),
}


class Swarm:
    """A plan that is being carried out in a world, step by step."""

    def __init__(self, plan: dict[str, Any], world: sb.World) -> None:
        self.plan = plan
        self.world = world

    def stand_in(self, name: str) -> Any:
        if name in ENDPOINTS:
            return self.world.http(ENDPOINTS[name])
        return self.world.queue(name) if name == "dead" else self.world.function(name)

    def build(self) -> None:
        for name in (*TARGETS, "dead", *ENDPOINTS):
            self.stand_in(name)
        events = self.world.client()
        for name, (kind, parameters) in CONNECTIONS.items():
            connection = events.create_connection(
                Name=name, AuthorizationType=kind, AuthParameters=parameters
            )
            events.create_api_destination(
                Name=name,
                ConnectionArn=connection["ConnectionArn"],
                InvocationEndpoint=f"{ENDPOINTS['partner']}/{name}",
                HttpMethod="POST",
                InvocationRateLimitPerSecond=1,
            )
        for number in range(len(self.plan["rules"])):
            self.put_rule(number)

    def put_rule(self, number: int) -> None:
        source, given = self.plan["rules"][number]
        events, name = self.world.client(), f"rule-{number}"
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
        targets = []
        for index, place in enumerate(given):
            target: dict[str, Any] = {"Id": str(index), "Arn": self.arn("lambda", place["to"])}
            if place["to"] in CONNECTIONS:
                found = events.describe_api_destination(Name=place["to"])
                target |= {"Arn": found["ApiDestinationArn"], "RoleArn": ROLE}
            if place["retry"]:
                target["RetryPolicy"] = place["retry"]
            if place["dead"]:
                target["DeadLetterConfig"] = {"Arn": self.arn("sqs", place["dead"])}
            if place["input"] == "<broken>":
                target["InputTransformer"] = {
                    "InputPathsMap": {"x": "$.detail.missing"},
                    "InputTemplate": "[1,<x>]",
                }
            elif place["input"]:
                target["Input"] = place["input"]
            targets.append(target)
        events.put_targets(Rule=name, Targets=targets)

    def arn(self, service: str, name: str) -> str:
        kind = "function:" if service == "lambda" else ""
        return f"arn:aws:{service}:us-east-1:123456789012:{kind}{name}"

    def act(self, step: tuple[Any, ...]) -> None:
        match step:
            case "put", source, count:
                entry = {"Source": source, "DetailType": "d", "Detail": "{}"}
                for _ in range(count):
                    try:
                        self.world.client().put_events(Entries=[entry])
                    except self.world.client().exceptions.ClientError as error:
                        assert "ThrottlingException" in str(error)
            case "behave", name, manner:
                self.behave(self.stand_in(name), manner)
            case "connection", change, name:
                self.reconnect(change, name)
            case "rule", change, number if number < len(self.plan["rules"]):
                self.change(change, number)

    def reconnect(self, change: str, name: str) -> None:
        events, (kind, parameters) = self.world.client(), CONNECTIONS[name]
        try:
            if change == "deauthorize":
                events.deauthorize_connection(Name=name)
            else:
                events.update_connection(
                    Name=name, AuthorizationType=kind, AuthParameters=parameters
                )
        except events.exceptions.ConcurrentModificationException:
            pass  # it is DEAUTHORIZING

    def change(self, change: str, number: int) -> None:
        events, name = self.world.client(), f"rule-{number}"
        there = {rule["Name"] for rule in events.list_rules()["Rules"]}
        if change == "put":
            self.put_rule(number)
        elif name in there and change == "delete":
            ids = [target["Id"] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
            events.remove_targets(Rule=name, Ids=ids)
            events.delete_rule(Name=name)
        elif name in there:
            getattr(events, f"{change}_rule")(Name=name)

    def behave(self, stand_in: Any, manner: tuple[Any, ...]) -> None:
        match manner:
            case "fails", code, rate, seconds:
                stand_in.fails(code, rate=rate, for_=f"{seconds}s")
            case "slow", median:
                stand_in.slow(median)
            case "script", outcomes:
                stand_in.behaves(sb.scripted(outcomes))
            case ("recovers",):
                stand_in.recovers()
            case "policy", guard:
                if isinstance(stand_in, sb.StandInHandle):  # an HTTP endpoint has none
                    stand_in.policy = self.policy(stand_in.arn, guard)
            case limit, number:
                stand_in.limit(**{limit: number})

    def policy(self, arn: str, guard: str | None) -> dict[str, Any] | None:
        if guard is None:
            return None
        rule = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "lambda:InvokeFunction" if ":lambda:" in arn else "sqs:SendMessage",
            "Resource": arn,
            "Condition": {
                "ArnLike": {"aws:SourceArn": f"*{'' if guard == 'everybody' else guard}"}
            },
        }
        return {"Statement": [] if guard == "nobody" else [rule]}

    def run(self, span_us: int) -> None:
        self.world.run(seconds=span_us / SECOND)

    def heal(self) -> None:
        for name in (*TARGETS, "dead", *ENDPOINTS):
            self.stand_in(name).recovers()
        for name in CONNECTIONS:
            self.reconnect("update", name)

    def play(self, steps: list[tuple[Any, ...]]) -> sb.World:
        for step in steps:
            self.run(step[1]) if step[0] == "wait" else self.act(step)
        return self.end()

    def end(self) -> sb.World:
        self.heal()
        self.world.run(hours=25)
        return self.world


def options_of(plan: dict[str, Any]) -> dict[str, Any]:
    curve = CURVES[plan["backoff"]]
    names = ("seed", "limits", "permissions")
    return {"start": START, "backoff": curve, **{name: plan[name] for name in names}}


def begun(plan: dict[str, Any], trace: str = "full") -> Swarm:
    swarm = Swarm(plan, sb.World(**options_of(plan), trace=trace))
    swarm.build()
    return swarm


async def story(world: sb.World, plan: dict[str, Any]) -> None:
    """The same as `Swarm.play`, in an async story."""
    swarm = Swarm(plan, world)
    swarm.build()
    for step in plan["steps"]:
        if step[0] == "wait":
            await anyio.sleep(step[1] / SECOND)
        else:
            swarm.act(step)
    swarm.heal()
    await anyio.sleep(25 * 3600)


quick = settings(
    max_examples=150,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
slow = settings(quick, max_examples=40)


@quick
@given(plans)
def test_every_delivery_ends_once_and_by_the_rules(plan: dict[str, Any]) -> None:
    """Delivered, dead-lettered or dropped; within the retries and the age; nothing is left over."""
    swarm = begun(plan)
    world = swarm.play(plan["steps"])
    by_delivery = _records(world)
    _check_that_nothing_is_missing(world, plan)
    outcomes = {delivery.sequence: delivery for delivery in world.trace.deliveries()}
    assert set(outcomes) == set(by_delivery)
    for number, records in by_delivery.items():
        end = _check(plan, number, records)
        assert outcomes[number].outcome == end
    kept = sum(delivery.outcome == "dead-lettered" for delivery in outcomes.values())
    assert len(world.queue("dead").messages) == kept
    delivered = sum(delivery.outcome == "delivered" for delivery in outcomes.values())
    requests = len(world.http(ENDPOINTS["partner"]).requests)
    assert sum(len(world.function(name).messages) for name in TARGETS) + requests == delivered


def _records(world: sb.World) -> dict[int, list[Any]]:
    """The records of each delivery, by the number of its match."""
    found: dict[int, list[Any]] = {}
    for record in world.trace:
        if isinstance(record.message, Match):
            found[record.sequence] = [record]
        elif isinstance(record.message, Invoke | Outcome | DeadLetter | Drop):
            found[record.message.delivery].append(record)
    return found


def _check_that_nothing_is_missing(world: sb.World, plan: dict[str, Any]) -> None:
    """Each accepted event has a match for each target of each rule that was on for its source."""
    state: dict[str, str] = {}
    wanted: Counter[tuple[str, str, str]] = Counter()
    matched: Counter[tuple[str, str, str]] = Counter()
    for record in world.trace:
        message = record.message
        if isinstance(message, Match):
            if not message.duplicate:
                name = message.rule.rpartition("/")[2]
                matched[message.event.id, name, message.target] += 1
        elif isinstance(message, Call) and message.error is None:
            request, operation = message.request, message.operation
            if operation == "PutEvents":
                name = message.response["Entries"][0]["EventId"]
                source = request["Entries"][0]["Source"]
                for number, (wants, places) in enumerate(plan["rules"]):
                    if wants == source and state.get(f"rule-{number}") == "on":
                        wanted.update((name, f"rule-{number}", str(n)) for n in range(len(places)))
            elif operation in ("PutRule", "EnableRule"):
                state[request["Name"]] = "on"
            elif operation in ("DeleteRule", "DisableRule"):
                state[request["Name"]] = "off"
    assert matched == wanted


def _check(plan: dict[str, Any], number: int, records: list[Any]) -> str:
    """How a delivery ended; fails where it has broken a rule on its way."""
    match, *rest = records
    place = plan["rules"][int(match.message.rule[-1])][1][int(match.message.target)]
    retry = place["retry"] or {}
    retries = retry.get("MaximumRetryAttempts", plan["limits"].get("retry_attempts", 185))
    age_s = retry.get("MaximumEventAgeInSeconds", plan["limits"].get("event_age_s", DAY_S))
    limit = match.message.event.ingested_us + age_s * SECOND
    attempts = [r for r in rest if isinstance(r.message, Invoke)]
    answers = [r for r in rest if isinstance(r.message, Outcome) and r.message.attempt]
    letters = [r for r in rest if isinstance(r.message, DeadLetter)]
    buried = [r for r in rest if isinstance(r.message, Outcome) and not r.message.attempt]
    drops = [r for r in rest if isinstance(r.message, Drop)]

    assert [r.message.attempt for r in attempts] == list(range(1, len(attempts) + 1))
    assert [r.message.attempt for r in answers] == [r.message.attempt for r in attempts]
    assert len(attempts) <= retries + 1
    assert all(r.time <= limit for r in attempts)
    for earlier, later in zip(answers, attempts[1:], strict=False):
        assert earlier.time <= later.time and earlier.message.error in RETRIED
    if answers and answers[-1].message.error is None:
        assert not letters and not drops and not buried
        return "delivered"

    ended = letters[0] if letters else drops[0]
    assert len(letters) == (place["dead"] is not None) and len(buried) == len(letters)
    kept = bool(buried) and buried[0].message.error is None
    assert len(drops) == (not kept)
    last = answers[-1].message.error if answers else None
    attributes = ended.message.attributes if letters else {}
    exhausted = attributes.get("EXHAUSTED_RETRY_CONDITION") if letters else ended.message.exhausted
    if exhausted == "MaximumRetryAttempts":
        assert len(attempts) == retries + 1 and last in RETRIED
    elif exhausted == "MaximumEventAgeInSeconds":
        assert last is None or last in RETRIED
        assert ended.time == max(limit, answers[-1].time if answers else match.time)
    else:
        assert last not in RETRIED
    assert ended.message.attempts == len(attempts)
    return "dead-lettered" if kept else "dropped"


@pytest.mark.filterwarnings("ignore::simbridge.BlockingCallWarning")  # of a machine with more to do
@slow
@given(plans)
def test_all_hosts_and_both_levels_tell_one_story(plan: dict[str, Any]) -> None:
    """Sync, asyncio and trio have one digest; a trace of outcomes has the same deliveries."""
    world = begun(plan).play(plan["steps"])

    async def narrated(world: sb.World) -> None:
        await story(world, plan)

    for backend in ("asyncio", "trio"):
        other = sb.run(narrated, backend=backend, **options_of(plan))
        assert other.trace.digest() == world.trace.digest()
    thin = begun(plan, "outcomes").play(plan["steps"])
    assert thin._kernel.sequence == world._kernel.sequence
    assert list(map(_summary, thin.trace.deliveries())) == list(
        map(_summary, world.trace.deliveries())
    )


def _summary(delivery: Any) -> tuple[Any, ...]:
    names = (
        "sequence",
        "outcome",
        "attempt_count",
        "latency",
        "exhausted",
        "error_code",
        "ended_us",
    )
    return tuple(getattr(delivery, name) for name in names)


@slow
@given(plans, st.integers(0, 12), st.integers(0, 3000 * SECOND))
def test_a_fork_at_any_instant_has_the_same_future(
    plan: dict[str, Any], before: int, later_us: int
) -> None:
    """Whatever is under way: both go on with the same steps, to the same digest."""
    swarm = begun(plan)
    first, rest = plan["steps"][:before], plan["steps"][before:]
    for step in first:
        swarm.run(step[1]) if step[0] == "wait" else swarm.act(step)
    swarm.world.run(until=swarm.world.now.add(microseconds=later_us))
    branch = Swarm(plan, swarm.world.fork())
    assert branch.play(rest).trace.digest() == swarm.play(rest).trace.digest()
    assert not [d for d in swarm.world.trace.deliveries() if d.outcome == "pending"]


def test_the_swarm_reaches_every_end() -> None:
    """A plan with a bit of everything, so that the laws above are not about nothing."""
    place: dict[str, Any] = {"to": "one", "retry": None, "dead": "dead", "input": None}
    few = {"MaximumRetryAttempts": 1}
    plan: dict[str, Any] = {
        "seed": 1,
        "backoff": "default",
        "limits": {"duplicates_per_million": 500_000},
        "permissions": "ignore",
        "rules": [
            ("a", [place, {**place, "dead": "missing"}, {**place, "to": "nowhere", "dead": None}]),
            ("b", [{**place, "retry": few}, {**place, "input": "<broken>"}]),
            ("c", [{**place, "to": "key"}, {**place, "to": "oauth"}]),
        ],
        "steps": [
            ("connection", "deauthorize", "key"),
            ("behave", "tokens", ("fails", "INTERNAL_ERROR", 1.0, 3000)),
            ("wait", 3600 * SECOND),
            ("put", "c", 3),
            ("behave", "one", ("fails", "THROTTLING", 1.0, 90_000)),
            ("put", "a", 3),
            ("put", "b", 3),
            ("wait", 90_000 * SECOND),
            ("put", "a", 3),
            ("wait", SECOND),
            ("behave", "one", ("policy", "rule-1")),
            ("behave", "dead", ("policy", "nobody")),
            ("put", "a", 3),
        ],
    }
    world = begun(plan).play(plan["steps"])
    ends = defaultdict(set)
    for number, records in _records(world).items():
        ends[_check(plan, number, records)].add(world.trace.deliveries()[0].rule)
    assert set(ends) == {"delivered", "dead-lettered", "dropped"}
    sent = {d.target_arn.split("/")[1] for d in world.trace.deliveries(rule="rule-2")}
    assert sent == set(CONNECTIONS)
    reasons = {(d.outcome, d.exhausted) for d in world.trace.deliveries()}
    assert {("dead-lettered", "MaximumRetryAttempts"), ("dropped", None)} <= reasons
    refused = [d for d in world.trace.deliveries() if d.error_code == "NO_PERMISSIONS"]
    assert {(d.rule, d.outcome) for d in refused} == {("rule-0", "dropped")}


def test_the_swarm_obeys_policies() -> None:
    """Whether an attempt is let in is what the policy that holds then says; by default nobody is."""
    place: dict[str, Any] = {"to": "one", "retry": None, "dead": None, "input": None}
    steps: list[tuple[Any, ...]] = []
    for guard in ("rule-0", "rule-1", "nobody", "everybody", None):
        steps += [("behave", "one", ("policy", guard)), ("put", "a", 1), ("wait", SECOND)]
    ends = {}
    for permissions in ("ignore", "enforce"):
        plan = {
            "seed": 1,
            "backoff": "default",
            "limits": {},
            "permissions": permissions,
            "rules": [("a", [place]), ("a", [place])],
            "steps": steps,
        }
        found = begun(plan).play(steps).trace.deliveries()
        by_rule = {rule: [d for d in found if d.rule == rule] for rule in ("rule-0", "rule-1")}
        ends[permissions] = {
            rule: [d.outcome == "delivered" for d in each] for rule, each in by_rule.items()
        }
    assert ends == {
        "ignore": {
            "rule-0": [True, False, False, True, True],
            "rule-1": [False, True, False, True, True],
        },
        "enforce": {
            "rule-0": [True, False, False, True, False],
            "rule-1": [False, True, False, True, False],
        },
    }
