"""The rate limits of API destinations: one queue for each, as a token bucket whose tokens are reserved.

Invocations above the rate of a destination are delayed, not refused (fidelity 9.8). A delivery reserves
the next token and waits until it is due, so the events that wait are a queue in the order of their
reservations, without a list of them: the state of a destination is one integer (`base/token_bucket`), and
a reservation takes the same time however long the queue is.

A reservation that would be due after the event is too old is not made. Another event has its place.
An update of the rate holds for the reservations after it; those that were made keep their instants.
"""

from __future__ import annotations

from typing import Any, final

from simbridge.base.token_bucket import Bucket

__all__ = ["Pacing"]


@final
class Pacing:
    """The rate limit of every API destination of a world, by its ARN."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    @classmethod
    def of(cls, shared: dict[str, Any]) -> Pacing:
        """The rate limits of a world, from the plain data its actors share (`Kernel.shared`)."""
        pacing: Pacing = shared.setdefault("pacing", cls())
        return pacing

    def __contains__(self, arn: str) -> bool:
        """Whether an API destination of this ARN was created, even if it is deleted by now."""
        return arn in self._buckets

    def limit(self, arn: str, rate: int) -> None:
        """From now on the API destination of this ARN is invoked at most `rate` times a second."""
        bucket = self._buckets.get(arn)
        if bucket is None:
            self._buckets[arn] = Bucket(rate)
        else:
            bucket.change_rate(rate)

    def reserve(self, arn: str, now_us: int, most_us: int) -> int | None:
        """Reserve the next invocation. Returns how long to wait for it, in microseconds.

        None if that is longer than `most_us`; then nothing is reserved. An ARN without an API destination
        has no limit.
        """
        bucket = self._buckets.get(arn)
        return 0 if bucket is None else bucket.reserve(now_us, most_us)
