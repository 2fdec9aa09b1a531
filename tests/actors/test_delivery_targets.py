"""Deliveries whose target changes or is removed while they wait."""

from __future__ import annotations

from typing import Any

import pytest

from simbridge.model.backoff import constant

LATE = {"delivery_latency_median_us": 150_000, "delivery_latency_p99_us": 400_000}
AGE, ATTEMPTS = "MaximumEventAgeInSeconds", "MaximumRetryAttempts"


def _delete(it: Any) -> None:
    it.events.remove_targets(Rule="orders", Ids=["pay"])
    it.events.delete_rule(Name="orders")


def _replace(it: Any) -> None:
    target = {"Id": "pay", "Arn": it.world.queue("other").arn, "Input": '"new"'}
    it.events.put_targets(Rule="orders", Targets=[target])


def _put_again(it: Any) -> None:
    it.events.remove_targets(Rule="orders", Ids=["pay"])
    it.world.settle()
    _replace(it)


@pytest.mark.parametrize(
    ("change", "later"),
    [
        (_delete, None),
        (lambda it: it.events.remove_targets(Rule="orders", Ids=["pay"]), None),
        (lambda it: it.events.disable_rule(Name="orders"), None),
        (_replace, "other"),
        (_put_again, "other"),
    ],
    ids=["deleted", "removed", "disabled", "replaced", "put again"],
)
@pytest.mark.parametrize("recovers", [True, False])
def test_retries_are_carried_through(
    shop: Any, change: Any, later: str | None, recovers: bool
) -> None:
    """Whatever becomes of rule and target: with the input, the target and the queue they began with."""
    it = shop(retry={ATTEMPTS: 10}, target={"Input": '"old"'}, backoff=constant("1m"))
    it.pay.fails("THROTTLING")
    it.put()
    it.world.run(seconds=150)
    change(it)
    it.world.settle()
    if recovers:
        it.pay.recovers()
    it.put()
    it.world.run(hours=1)
    first, *others = it.deliveries
    if recovers:
        assert (first.outcome, first.attempt_count) == ("delivered", 4)
        assert it.pay.messages == ['"old"']
    else:
        assert (first.outcome, first.attempt_count) == ("dead-lettered", 11)
        assert it.dead.messages == ['"old"']
    assert [d.outcome for d in others] == ["delivered"] * (later is not None)
    if later is not None:
        assert it.world.queue(later).messages == ['"new"']


def test_a_target_that_is_put_again_stays(shop: Any) -> None:
    """Also after the retries of its predecessor have ended, which were what had kept its place."""
    it = shop(retry={ATTEMPTS: 1}, backoff=constant("1m"))
    it.pay.fails("THROTTLING", for_="2m")
    it.put()
    it.world.settle()
    _put_again(it)
    it.world.run(minutes=5)
    it.put()
    it.world.settle()
    assert [d.outcome for d in it.deliveries] == ["dead-lettered", "delivered"]


def test_a_removed_target_leaves_no_actor(shop: Any) -> None:
    """The actor of a target that is gone leaves once its last delivery has ended, not before."""
    it = shop(retry={ATTEMPTS: 1}, backoff=constant("1m"))
    address = "arn:aws:events:us-east-1:123456789012:rule/orders#pay"
    actors = it.world._kernel.actors
    it.pay.fails("THROTTLING")
    it.dead.slow("10s")
    it.put()
    it.world.settle()
    _delete(it)
    it.world.run(seconds=65)
    assert address in actors
    it.world.run(seconds=5)
    assert address not in actors
    assert it.delivery.outcome == "dead-lettered"


@pytest.mark.parametrize("change", [_delete, _replace], ids=["deleted", "replaced"])
def test_a_match_is_not_lost_when_its_rule_goes_away_meanwhile(shop: Any, change: Any) -> None:
    """What has matched is delivered as it was, however late its first attempt is."""
    it = shop(limits=LATE, target={"Input": '"old"'})
    it.put(50)
    it.world.settle()
    change(it)
    it.world.run(seconds=10)
    assert {d.outcome for d in it.deliveries} == {"delivered"}
    assert it.pay.messages == ['"old"'] * 50
