"""Schedule expressions: what they mean, when they fire, how they read in English.

`syntax` reads an expression into a record, `cron` finds its firings, `describe` makes a sentence of it.
`hints` says what to write instead of an expression that is refused (`parse` adds that to the error) or that
is valid and means something unexpected (`usage_hints`).

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from simbridge.languages.schedule.cron import CronFirings, RateFirings
from simbridge.languages.schedule.describe import describe_schedule
from simbridge.languages.schedule.firings import firings, next_times
from simbridge.languages.schedule.hints.valid import usage_hints
from simbridge.languages.schedule.parse import check, parse
from simbridge.languages.schedule.syntax import Cron, DayOfMonth, DayOfWeek, Rate

__all__ = [
    "Cron",
    "CronFirings",
    "DayOfMonth",
    "DayOfWeek",
    "Rate",
    "RateFirings",
    "check",
    "describe_schedule",
    "firings",
    "next_times",
    "parse",
    "usage_hints",
]
