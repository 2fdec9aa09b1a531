"""Schedule expressions: what they mean, when they fire, how they read in English.

`parse` reads an expression into a record, `firings` turns the record into instants, `words` into a
sentence; `cautions` knows what is valid and still not what its author meant, `hints` what is not valid.
"""

from simbridge.languages.schedule.cautions import cautions
from simbridge.languages.schedule.firings import CronFirings, RateFirings, firings, next_times
from simbridge.languages.schedule.parse import Cron, DayOfMonth, DayOfWeek, Rate, check, parse
from simbridge.languages.schedule.words import describe_schedule

__all__ = [
    "Cron",
    "CronFirings",
    "DayOfMonth",
    "DayOfWeek",
    "Rate",
    "RateFirings",
    "cautions",
    "check",
    "describe_schedule",
    "firings",
    "next_times",
    "parse",
]
