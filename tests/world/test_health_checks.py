"""The handle of a health check (fidelity 13.3): names, windows, and what the trace says of them."""

from __future__ import annotations

import datetime as dt
import pickle

import pytest

import simbridge as sb
from simbridge.model.state_messages import Health

ARN = "arn:aws:route53:::healthcheck/main"
START = "2026-03-01T10:00:00Z"


def world() -> sb.World:
    return sb.World(seed=7, start=START)


def test_a_name_and_an_arn_are_the_same_check() -> None:
    """It needs no setting up and is healthy."""
    it = world()
    check = it.health_check("main")
    assert (check.arn, check.name, check.healthy) == (ARN, "main", True)
    check.fails()
    assert not it.health_check(ARN).healthy
    assert it.health_check("other").healthy
    assert repr(check) == f"<health check {ARN}>"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_a_check_is_of_the_partition_of_the_world(region: str) -> None:
    """As are all ARNs that a world makes."""
    check = sb.World(region=region).health_check("main")
    assert check.arn.endswith(":route53:::healthcheck/main")
    assert not check.arn.startswith("arn:aws:")


@pytest.mark.parametrize(
    "name", ["", "Main", "a b", "arn:aws:route53:::hostedzone/a", "healthcheck/a", "ä", None, 7]
)
def test_an_invalid_name_is_refused(name: object) -> None:
    """The service model has small letters, digits and hyphens."""
    with pytest.raises(sb.SimbridgeError, match="health check"):
        world().health_check(name)  # type: ignore[arg-type]


def test_a_window_has_a_beginning_and_an_end() -> None:
    """Each of the two may be left out."""
    it = world()
    check = it.health_check("main")
    check.fails(from_="2026-03-01T10:10:00Z", for_="10m")
    healthy = []
    for _ in range(4):
        healthy.append(check.healthy)
        it.run(minutes=5)
    assert healthy == [True, True, False, False]
    assert check.healthy
    check.fails()
    it.run(days=400)
    assert not check.healthy
    check.recovers()
    assert check.healthy


def test_a_naive_instant_is_refused() -> None:
    """Nothing is switched then."""
    it = world()
    with pytest.raises(sb.InvalidTime):
        it.health_check("main").fails(from_=dt.datetime(2026, 3, 1))
    assert it.health_check("main").healthy
    assert [record for record in it.trace if isinstance(record.message, Health)] == []


def test_each_switch_is_a_line_of_the_timeline() -> None:
    """With the instants that are known."""
    it = world()
    check = it.health_check("main")
    check.fails(for_="10m")
    check.fails()
    check.recovers()
    assert [line.partition("⚙ ")[2] for line in str(it.trace).splitlines()] == [
        "healthcheck/main is unhealthy from 2026-03-01T10:00:00Z to 2026-03-01T10:10:00Z",
        "healthcheck/main is unhealthy from 2026-03-01T10:00:00Z",
        "healthcheck/main is healthy again",
    ]


def test_a_handle_of_a_pickled_world_is_its_own() -> None:
    """A copy does not hear of what happens here."""
    it = world()
    it.health_check("main").fails(for_="1h")
    copy = pickle.loads(pickle.dumps(it))
    it.health_check("main").recovers()
    assert not copy.health_check("main").healthy
