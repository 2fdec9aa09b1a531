"""The table of limits: every name in it changes something, and no other name is taken."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.model.limits import (
    LIMITS,
    PROFILES,
    limits_of,
    limits_with,
    rate_of,
    replay_rate_of,
    rules_of,
)


@pytest.fixture(scope="module")
def source() -> str:
    """Everything that could read a limit."""
    root = Path(sb.__file__).parent
    texts = {file: file.read_text(encoding="utf-8") for file in sorted(root.rglob("*.py"))}
    of_regions = map(inspect.getsource, (rate_of, replay_rate_of, rules_of))
    texts[root / "model" / "limits.py"] = "\n".join(of_regions)  # not the table itself
    return "\n".join(texts.values())


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_every_limit_is_read(name: str, source: str) -> None:
    """A number that nothing reads would be believed to work."""
    assert f'"{name}"' in source


MOST = {"0 or 1": 1, "a million": 10**6}
NUMBERS = st.fixed_dictionaries(
    {},
    optional={
        name: st.integers(0, MOST.get(limit.unit, 10**9)) for name, limit in sorted(LIMITS.items())
    },
)


@given(first=NUMBERS, second=NUMBERS)
def test_later_numbers_win(first: dict[str, int], second: dict[str, int]) -> None:
    """Defaults, then a profile, then what a world is given; no name gets lost."""
    defaults = {name: limit.default for name, limit in LIMITS.items()}
    assert limits_with(first, None, second) == defaults | first | second
    assert limits_of("aws", second) == defaults | PROFILES["aws"] | second
    assert (
        limits_of(first, second) == limits_of("ideal", first | second) == defaults | first | second
    )


@pytest.mark.parametrize("way", ["limits", "profile"])
@pytest.mark.parametrize("name", [name for name, limit in LIMITS.items() if limit.unit in MOST])
def test_a_number_fits_its_unit(name: str, way: str) -> None:
    """What is 0 or 1 takes no 2, and of a million there are at most a million."""
    most = MOST[LIMITS[name].unit]
    for number in (0, 1, most):
        sb.World(**{way: {name: number}})  # type: ignore[arg-type]
    says = f"limit '{name}' is 0 (or 1|to 1,000,000), not {most + 1:,} "
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World(**{way: {name: most + 1}})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"target_per_rule": 1}, "did you mean targets_per_rule"),
        ({"xyzzy": 1}, "xyzzy'; there are [0-9]+, listed in simbridge.model.limits.LIMITS$"),
        ({"targets_per_rule": -1}, "whole number >= 0, not -1"),
        ({"targets_per_rule": True}, "not True"),
        ({"targets_per_rule": 1.0}, "not 1.0"),
        ([1], "limits is a mapping"),
        ("ideal", "limits is a mapping"),
    ],
)
def test_invalid_limits_are_errors(limits: object, says: str) -> None:
    """A name with those that are close, a value with what it should be."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World(limits=limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        ({"target_per_rule": 1}, "did you mean targets_per_rule"),
        ({"targets_per_rule": -1}, "whole number >= 0, not -1"),
        ({"targets_per_rule": "1"}, "whole number >= 0, not '1'"),
        ({"function_start_median_us": 5}, "above zero, and function_start_p99_us to no less"),
        ([("targets_per_rule", 1)], "profile is 'ideal' or 'aws', or a mapping of limits, not"),
        ("AWS", "profile is 'ideal' or 'aws', or a mapping of limits, not 'AWS'"),
        (None, "profile is 'ideal' or 'aws', or a mapping of limits, not None"),
    ],
)
def test_invalid_profiles_are_errors(profile: object, says: str) -> None:
    """A mapping is checked as limits are; anything else gets an error that says what a profile is."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.World(profile=profile)  # type: ignore[arg-type]


def test_a_profile_of_ones_own_lies_over_the_ideal_one_and_limits_over_it() -> None:
    """What neither names is as in the ideal profile, however many numbers are given."""
    own = {"delivery_latency_median_us": 7_000, "delivery_latency_p99_us": 7_000}
    for limits, expected in (({}, 0.007), (dict.fromkeys(own, 9_000), 0.009)):
        world = sb.World(profile=own, limits=limits)
        events, queue = world.client(), world.queue("q")
        events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
        events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
        world.run(seconds=1)
        assert [delivery.latency for delivery in world.trace.deliveries()] == [expected]
