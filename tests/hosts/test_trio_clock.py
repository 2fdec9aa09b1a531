"""trio's clock in virtual time: what deadlines and the present are to each other."""

from __future__ import annotations

import trio

import simbridge as sb


def test_the_present_has_reached_every_deadline_of_its_microsecond():
    """A deadline of now has passed, whether it was given out before or after one asked for now."""
    seen = []

    async def story(world: sb.World) -> None:
        before = trio.current_time() + 5
        await trio.sleep(5)
        now, after = trio.current_time(), trio.current_time() + 0
        seen.extend([now >= before, now >= after, before == after, now == trio.current_time()])
        with trio.CancelScope(deadline=trio.current_time()) as scope:
            await trio.sleep_forever()
        seen.append(scope.cancelled_caught)

    sb.run(story, backend="trio")
    assert seen == [True] * 5


def test_deadlines_of_one_microsecond_end_in_the_order_they_were_set():
    """Two hundred sleepers of one instant wake in the order in which they went to sleep."""
    woken = []

    async def sleeper(number: int) -> None:
        await trio.sleep(number / 1000)
        await trio.sleep_until(started + 10)
        woken.append(number)

    async def story(world: sb.World) -> None:
        nonlocal started
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number in range(200):
                nursery.start_soon(sleeper, number)

    started = 0.0
    sb.run(story, backend="trio")
    assert woken == list(range(200))
