"""Which region serves a global endpoint (fidelity 13.3), as a function of its health check's windows."""

from __future__ import annotations

import pytest

from simbridge.api.routing import HealthChecks, find_endpoint
from simbridge.base.clock import LATEST, SECOND
from simbridge.model.limits import limits_with
from simbridge.model.resources import Endpoint

EAST, WEST = "us-east-1", "us-west-2"
CHECK = "arn:aws:route53:::healthcheck/a"


def endpoint(replicates=True, check=CHECK):
    """An endpoint of the two regions."""
    buses = tuple(f"arn:aws:events:{region}:123456789012:event-bus/b" for region in (EAST, WEST))
    return Endpoint(
        "arn", "e", "abc.veo", "url", EAST, WEST, buses, check, replicates, 0, 0, "ACTIVE"
    )


def served(checks, *seconds, replicates=True):
    """The region at each of these seconds."""
    return [checks.region_of(endpoint(replicates), second * SECOND) for second in seconds]


def test_a_check_that_was_never_switched_is_healthy():
    """And so is one that other checks say nothing about."""
    checks = HealthChecks(limits_with())
    checks.fail("arn:aws:route53:::healthcheck/b", 0, LATEST)
    assert checks.is_healthy(CHECK, 0)
    assert served(checks, 0) == [EAST]


@pytest.mark.parametrize("failover_s", [0, 360])
def test_the_region_follows_the_window_by_the_failover_time(failover_s):
    """A window includes its start and not its end; both are late by the same time."""
    checks = HealthChecks(limits_with({"endpoint_failover_s": failover_s}))
    checks.fail(CHECK, 100 * SECOND, 700 * SECOND)
    instants = [second + failover_s for second in (99, 100, 699, 700)]
    assert served(checks, *instants) == [EAST, WEST, WEST, EAST]
    assert [checks.is_healthy(CHECK, second * SECOND) for second in (99, 100, 699, 700)] == [
        True,
        False,
        False,
        True,
    ]


def test_two_windows_that_overlap_are_one():
    """The second one ends it."""
    checks = HealthChecks(limits_with())
    checks.fail(CHECK, 100 * SECOND, 200 * SECOND)
    checks.fail(CHECK, 150 * SECOND, 300 * SECOND)
    assert served(checks, 100, 199, 200, 299, 300) == [WEST, WEST, WEST, WEST, EAST]


def test_recovery_ends_what_has_begun_and_forgets_what_is_to_come():
    """From that instant on."""
    checks = HealthChecks(limits_with())
    checks.fail(CHECK, 100 * SECOND, LATEST)
    checks.fail(CHECK, 500 * SECOND, LATEST)
    checks.recover(CHECK, 200 * SECOND)
    assert served(checks, 199, 200, 600) == [WEST, EAST, EAST]
    assert checks.is_healthy(CHECK, 200 * SECOND)
    checks.fail(CHECK, 300 * SECOND, LATEST)
    assert served(checks, 300) == [WEST]


def test_an_empty_window_changes_nothing():
    """Not even for an endpoint that waits for a reset."""
    checks = HealthChecks(limits_with())
    checks.fail(CHECK, 100 * SECOND, 100 * SECOND)
    assert served(checks, 100, replicates=True) == [EAST]
    assert served(checks, 100, replicates=False) == [EAST]


def test_without_replication_only_a_reset_leads_back():
    """The end of the window does not (user guide), even if the reset comes much later."""
    checks = HealthChecks(limits_with({"endpoint_failover_s": 10}))
    checks.fail(CHECK, 100 * SECOND, 200 * SECOND)
    assert served(checks, 109, 110, 10_000, replicates=False) == [EAST, WEST, WEST]
    checks.recover(CHECK, 20_000 * SECOND)
    checks.recover(CHECK, 30_000 * SECOND)  # the first reset counts
    assert served(checks, 20_009, 20_010, replicates=False) == [WEST, EAST]
    assert served(checks, 209, 210) == [WEST, EAST]


def test_that_can_be_switched_off():
    """`endpoint_recovery_needs_replication` 0: every endpoint follows its health check."""
    checks = HealthChecks(limits_with({"endpoint_recovery_needs_replication": 0}))
    checks.fail(CHECK, 100 * SECOND, 200 * SECOND)
    assert served(checks, 199, 200, replicates=False) == [WEST, EAST]


def test_an_endpoint_is_found_by_its_id():
    """Whatever else is asked for is not there."""
    known = [endpoint()]
    assert find_endpoint(known, "abc.veo") is known[0]
    assert find_endpoint(known, "abc") is None
    assert find_endpoint([], "abc.veo") is None
