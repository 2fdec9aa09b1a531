"""Everything that can go wrong, and where to correct it.

    Exception
     +-- SimbridgeError            your code asked for something impossible; the text says what to change
     |    +-- InvalidTime             an instant or a duration that cannot be read (also a ValueError)
     |    +-- InvalidArn              text that is not an ARN (also a ValueError)
     |    +-- LanguageError           text in one of EventBridge's languages is wrong (also a ValueError)
     |    |    +-- InvalidPattern        an event pattern
     |    |    +-- InvalidPolicy         a policy
     |    |    +-- InvalidSchedule       a rate() or cron() expression
     |    |    +-- InvalidTransform      an input path or an input template
     |    +-- InvalidEvents           a file has lines that are not events (also a ValueError)
     |    +-- Runaway                 a loop of events: a livelock at one instant, or growth while time passes
     |    +-- Stalled                 deadlock: an async story waits, and no timer or message is pending
     |    +-- HandlerFailed           your target handler raised; the cause is attached
     |    +-- RunFailed               a run of a sweep raised; the text names its variant and seed
     |    +-- NotSimulated            AWS has it, this version of simbridge does not
     +-- ServiceError              AWS's answer to the simulated client: a code, a text, an HTTP status

`SimbridgeError` is for the author of a scenario. `ServiceError` is not a failure of the simulation: the
boto3 client raises it as the `ClientError` that AWS would have caused. The languages use neither: they
raise `LanguageError`, and the control plane translates it (`api/plane`). Broken invariants of simbridge are
plain `assert`s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, final

from simbridge.base.printable import printable, printable_lines

__all__ = [
    "BlockingCallWarning",
    "FeedbackWarning",
    "HandlerFailed",
    "Hint",
    "InvalidArn",
    "InvalidEvents",
    "InvalidLine",
    "InvalidPattern",
    "InvalidPolicy",
    "InvalidSchedule",
    "InvalidTime",
    "InvalidTransform",
    "LanguageError",
    "NotSimulated",
    "RunFailed",
    "Runaway",
    "ServiceError",
    "SimbridgeError",
    "Stalled",
]


class SimbridgeError(Exception):
    """Something in your scenario cannot be done; the message says what to change.

    In data that the message quotes, characters that are not printable are escaped
    (`simbridge.base.printable`).
    """

    def __str__(self) -> str:
        return printable(super().__str__())


@final
class InvalidTime(SimbridgeError, ValueError):
    """An instant or a duration cannot be read, is naive, negative or beyond the calendar."""


@final
class InvalidArn(SimbridgeError, ValueError):
    """Text is not an Amazon Resource Name."""


@final
class Hint(NamedTuple):
    """What a person should know about text that is refused.

    `detail` says what is wrong and what to write. `proposals` are the complete texts that it proposes,
    each of them valid. They are alternatives, unless `together` is true: then all of them are needed.
    """

    detail: str
    proposals: tuple[str, ...] = ()
    together: bool = False


_PLACE: Final = "\n at [Source: "
"""How AWS begins the line with the place of a mistake in a pattern, the only line end in its messages."""


class LanguageError(SimbridgeError, ValueError):
    """Text in one of EventBridge's languages is not valid.

    `text` is AWS's message, to the letter, and the only one that the simulated client gets. `detail` is
    simbridge's own: what is wrong in particular, and what to write. `str(error)` is both.

    `proposals` are the complete texts that `detail` proposes, for programs, each of them valid. They are
    alternatives, unless `together` is true: then all of them are needed.
    """

    def __init__(
        self,
        text: str,
        detail: str = "",
        proposals: Sequence[str] = (),
        together: bool = False,
    ) -> None:
        extra = (detail, tuple(proposals), together)
        super().__init__(text, *(extra if proposals else extra[:1] if detail else ()))
        self.text = text
        self.detail = detail
        self.proposals = tuple(proposals)
        self.together = together

    def __str__(self) -> str:
        parts = f"{self.text} {self.detail}".rstrip().split(_PLACE)
        return _PLACE.join(map(printable, parts))


@final
class InvalidPattern(LanguageError):
    """An event pattern is not valid. The text is the one that AWS answers with."""


@final
class InvalidPolicy(LanguageError):
    """A policy of an event bus or of a target is not valid."""


@final
class InvalidSchedule(LanguageError):
    """A schedule expression is not valid."""


@final
class InvalidTransform(LanguageError):
    """An input path or an input template is not valid."""


@final
class InvalidLine(NamedTuple):
    """A line that is not an event: its number in the file, what is wrong, and how it begins.

    `record` is the place in the list of CloudTrail records, or in a JSON array, that the line holds.
    """

    line: int
    reason: str
    text: str
    record: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", record {self.record}" if self.record else "")
        return f"{place}: {printable(self.reason)}"


BAD_LINES_SHOWN_MAX = 20
"""How many bad lines the text of an error shows; `InvalidEvents.bad` has all of them."""


@final
class InvalidEvents(SimbridgeError, ValueError):
    """A file has lines that are not events. `bad` has all of them."""

    def __init__(self, path: str, bad: Sequence[InvalidLine]) -> None:
        self.path = path
        self.bad = tuple(bad)
        super().__init__(self.summary("see the error's `bad`", 'errors="collect"'))

    def summary(self, others: str, way: str) -> str:
        """What is wrong. `others` says where to see all lines, `way` how to use the rest of the file."""
        lines = [f"  {line}" for line in self.bad[:BAD_LINES_SHOWN_MAX]]
        if len(self.bad) > BAD_LINES_SHOWN_MAX:
            lines.append(f"  and {len(self.bad) - BAD_LINES_SHOWN_MAX:,} more: {others}")
        count = f"{len(self.bad):,} line{'s are not events' if len(self.bad) > 1 else ' is not an event'}"
        hint = f"Correct the file, or use the rest with {way}."
        return "\n".join([f"{printable(self.path)}: {count}", *lines, hint])

    def __str__(self) -> str:
        return printable_lines(Exception.__str__(self))

    def __reduce__(self) -> tuple[type[InvalidEvents], tuple[str, tuple[InvalidLine, ...]]]:
        return InvalidEvents, (self.path, self.bad)


@final
class Runaway(SimbridgeError):
    """Events cause each other without end: a livelock at one virtual time, or more and more in a day."""

    def __str__(self) -> str:
        return printable_lines(Exception.__str__(self))


@final
class Stalled(SimbridgeError):
    """Deadlock: an async story waits, and no timer or message is pending."""


@final
class HandlerFailed(SimbridgeError):
    """Your handler, behaviour or backoff raised. `__cause__` is what it raised, with its traceback."""


@final
class RunFailed(SimbridgeError):
    """A run of a sweep raised something other than an assertion, or its process died.

    `raised` is the name of what it raised, None if its process died.
    """

    raised: str | None = None


@final
class NotSimulated(SimbridgeError):
    """AWS offers this; this version of simbridge does not simulate it."""


@final
class ServiceError(Exception):
    """What AWS answers to a call it refuses.

    `code` and `message` are AWS's own; `status` is the HTTP status: 400 for every modelled error
    but InternalException (fidelity 0.3).
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    def __reduce__(self) -> tuple[type[ServiceError], tuple[str, str, int]]:
        return ServiceError, (self.code, self.message, self.status)


@final
class BlockingCallWarning(UserWarning):
    """A handler or an async story waited in real time: virtual time cannot pass meanwhile."""


@final
class FeedbackWarning(UserWarning):
    """A chain of events has passed the same rule very often, one event at a time."""
