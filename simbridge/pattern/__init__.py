"""The event-pattern language: does this pattern match this event, which of many, and why (not)?"""

from simbridge.pattern.explain import Explanation, RulesExplanation, explain, explain_rules
from simbridge.pattern.matcher import Matcher, match
from simbridge.pattern.syntax import check

__all__ = [
    "Explanation",
    "Matcher",
    "RulesExplanation",
    "check",
    "explain",
    "explain_rules",
    "match",
]
