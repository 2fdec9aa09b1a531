"""The event-pattern language: does this pattern match this event, which of many, and why (not)?

`syntax` and `json_text` read a pattern, `operators` is the table of what can be in it, `matcher` finds the rules
that an event satisfies (`index`, `pool`, `tables`), `explain` says why, and `hints` what to write instead.
"""

from simbridge.languages.pattern.explain import (
    Explanation,
    RulesExplanation,
    explain,
    explain_rules,
)
from simbridge.languages.pattern.matcher import Matcher, match
from simbridge.languages.pattern.syntax import check

__all__ = [
    "Explanation",
    "Matcher",
    "RulesExplanation",
    "check",
    "explain",
    "explain_rules",
    "match",
]
