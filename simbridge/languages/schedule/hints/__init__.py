"""Hints: what to write instead of a schedule expression that is refused, or means something unexpected."""
