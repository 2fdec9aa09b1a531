"""Hints: what to write instead of a pattern that is refused, or that does not match as intended."""
