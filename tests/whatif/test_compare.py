"""Differences between variants, seed by seed."""

from __future__ import annotations

import doctest

from simbridge.whatif import compare


def test_the_example_holds() -> None:
    """The worked example of the module prints what it says."""
    found = doctest.testmod(compare)
    assert found.attempted and not found.failed
