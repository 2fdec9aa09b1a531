"""Escapes what is not printable in texts for people, so that data cannot control a terminal or forge a line.

Names, events, patterns and texts of exceptions can hold control characters, which a terminal executes, and
marks that reverse the direction of writing. Every text that simbridge shows has Python's escapes instead:

>>> print(printable("red \\x1b[31m, reversed \\u202e"))
red \\x1b[31m, reversed \\u202e

Data for programs (`to_dict`, records, AWS's answers to a client) is not changed.
"""

from __future__ import annotations

from simbridge.base.json import to_text

__all__ = ["printable", "printable_json", "printable_lines"]


def printable(text: str) -> str:
    """The text on one line, with escapes for whatever is not printable, line ends included."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines: its line ends stay."""
    return "\n".join(map(printable, text.split("\n")))


def printable_json(text: str) -> str:
    """The same JSON document, with JSON's own escapes for whatever is not printable."""
    if text.isprintable():
        return text
    return "".join(one if one == "\n" or one.isprintable() else to_text(one)[1:-1] for one in text)
