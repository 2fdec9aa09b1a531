"""The event-pattern language: does this pattern match this event, which of many, and why (not)?"""

from simbridge.pattern.matcher import Matcher, match
from simbridge.pattern.syntax import check, parse

__all__ = ["Matcher", "check", "match", "parse"]
