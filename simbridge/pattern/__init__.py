"""The event pattern language: what a rule looks for in an event."""

from simbridge.pattern.matcher import Matcher, match
from simbridge.pattern.syntax import check

__all__ = ["Matcher", "check", "match"]
