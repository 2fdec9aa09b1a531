"""When a schedule expression fires: the firings of a text, and the next few for people."""

from __future__ import annotations

from functools import lru_cache

from simbridge.base import clock
from simbridge.base.clock import SECOND, DateTime, Instant
from simbridge.base.errors import SimbridgeError
from simbridge.languages.schedule.cron import CronFirings, RateFirings
from simbridge.languages.schedule.parse import check_text, parse
from simbridge.languages.schedule.syntax import Cron

__all__ = ["firings", "next_times"]


def next_times(expression: str, after: Instant, count: int = 5) -> list[DateTime]:
    """The next `count` firings strictly after an instant, in UTC; fewer if there are no more.

    A rate has no instants of its own: it is counted from `after`, without its fraction of a second, as
    AWS counts it from when the rule is created, and its first firing here is one period later.

    Raises `InvalidSchedule` for what PutRule refuses, `InvalidTime` for an `after` that is not an instant.
    """
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise SimbridgeError(f"count is a whole number from 0 on, not {count!r}")
    check_text(expression)
    fires = firings(expression)
    at: int | None = clock.instant(after)
    assert at is not None
    at -= at % SECOND
    found: list[DateTime] = []
    while len(found) < count and (at := fires.after(at)) is not None:
        found.append(clock.moment(at))
    return found


@lru_cache(maxsize=4096)
def firings(expression: str) -> RateFirings | CronFirings:
    """The firings of an expression; raises `InvalidSchedule`. Equal texts share one object."""
    meaning = parse(expression)
    return CronFirings(meaning) if isinstance(meaning, Cron) else RateFirings(meaning.period_us)
