"""One number of a world, and addresses of pages that say what such numbers are."""

from __future__ import annotations

from typing import Literal, NamedTuple, final

__all__ = ["GUIDE", "QUOTAS", "STACKD", "Limit", "Unit"]

Unit = Literal[
    "", "0 or 1", "a day", "a million", "a second", "bytes", "characters", "days", "seconds", "µs"
]


@final
class Limit(NamedTuple):
    """One number: its default, its meaning, and the evidence for it.

    `default` is the number in the profile "ideal"; `aws` is the one in "aws" if it is another.
    """

    default: int
    meaning: str
    evidence: str
    unit: Unit = ""
    aws: int | None = None


GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
QUOTAS = f"quotas page, {GUIDE}/eb-quota.html"
STACKD = "https://github.com/radkawar/stackd/blob/9dc356f/testdata/aws/eventbridge"
