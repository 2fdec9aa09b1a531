"""Outages: attempts fail with one error code for a while, all of them or a random part."""

from __future__ import annotations

from typing import ClassVar, final

from simbridge.base import checks, clock
from simbridge.base.clock import Duration, Instant
from simbridge.base.errors import SimbridgeError
from simbridge.base.rng import SAMPLE_RANGE
from simbridge.model.error_codes import ERROR_CODES, RETRIED
from simbridge.model.faults.fault import Attempt, Decision, Fault, FaultMethods, Verdict

__all__ = ["Fails", "FailsMethod", "outage", "probability_u32"]


@final
class Fails(Fault, frozen=True):
    """Refuse with `error` from one instant up to, not including, another.

    `probability_u32` of the attempts fail, out of 2**32. `operation` is for calls of the API.
    """

    method: ClassVar[str] = "fails"
    error: str
    from_us: int
    until_us: int = clock.LATEST
    probability_u32: int = SAMPLE_RANGE
    text: str = ""
    operation: str | None = None

    def words(self) -> str:
        """See `Fault.words`."""
        what = f"fails with {self.error} from {clock.iso_micros(self.from_us)[:19]}Z"
        if self.operation:
            what = f"{self.operation} {what}"
        if self.until_us != clock.LATEST:
            what += f" to {clock.iso_micros(self.until_us)[:19]}Z"
        if self.probability_u32 < SAMPLE_RANGE:
            what += f", {self.probability_u32 / SAMPLE_RANGE:.4g} of all"
        return what

    def effect(self) -> Outages:
        """See `Fault.effect`."""
        return Outages()


@final
class Outages(Decision[Fails]):
    """The windows of failures of one stand-in, in the order they were sent; the first one that hits decides.

    Windows with the same code have random streams of their own: two with a rate of one half leave a
    quarter of the attempts.
    """

    def __init__(self) -> None:
        self.windows: list[tuple[str, Fails]] = []  # each under the name of its random stream
        self._streams: dict[str, int] = {}

    def add(self, fault: Fails, now_us: int) -> None:
        """See `Effect.add`. Windows that are over are forgotten."""
        self.windows = [window for window in self.windows if window[1].until_us > now_us]
        number = self._streams[fault.error] = self._streams.get(fault.error, 0) + 1
        stream = fault.error if number == 1 else f"{fault.error} {number}"
        self.windows.append((stream, fault))

    def decide(self, attempt: Attempt) -> Verdict | None:
        """See `Decision.decide`."""
        for stream, fails in self.windows:
            if fails.from_us <= attempt.now_us < fails.until_us and (
                fails.probability_u32 >= SAMPLE_RANGE
                or attempt.sample(stream) < fails.probability_u32
            ):
                return attempt.verdict(fails.error, fails.text)
        return None

    def constant(self) -> tuple[int, int, str, str] | None:
        """See `Decision.constant`. The text of an error that is not retried may name the attempt."""
        first = self.windows[0][1]
        if first.probability_u32 < SAMPLE_RANGE or first.error not in RETRIED:
            return None
        text = first.text or ERROR_CODES[first.error].text
        return first.from_us, first.until_us, first.error, text


class FailsMethod(FaultMethods):
    """The method of a handle."""

    def fails(
        self,
        error: str,
        *,
        rate: float = 1.0,
        from_: Instant | None = None,
        for_: Duration | None = None,
        text: str = "",
    ) -> None:
        """Refuse attempts with one of EventBridge's error codes (`simbridge.model.error_codes`).

        Or with an error of the service itself (`simbridge.targets.REFUSALS`): a queue whose key is
        disabled fails with "KMS.DisabledException", for which EventBridge has the code NO_RESOURCE.
        From `from_` (else now) for as long as `for_` (else until `recovers`). A `rate` below 1 is the
        probability with which each attempt fails; it is looked up from the seed. `text` is the error
        message, by default the service's own words if they are known.
        Raises `SimbridgeError` for a code that does not exist or a rate outside of 0..1.
        """
        self._check_error(error)
        self._send(outage(self._now_us(), error, rate, from_, for_, text))


def outage(
    now_us: int,
    error: str,
    rate: float,
    from_: Instant | None,
    for_: Duration | None,
    text: str,
    operation: str | None = None,
) -> Fails:
    """A window of failures, from the arguments of `fails`."""
    checks.text(error, "an error code")
    checks.text(text, "an error message")
    begin = now_us if from_ is None else clock.instant(from_)
    end = clock.LATEST if for_ is None else begin + clock.duration(for_)
    return Fails(error, begin, end, probability_u32(rate), text, operation)


def probability_u32(rate: float) -> int:
    """A probability as a number out of 2**32. Raises `SimbridgeError` outside of 0..1."""
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise SimbridgeError(f"a rate is a number from 0 to 1, not {rate!r}")
    return round(rate * SAMPLE_RANGE)
