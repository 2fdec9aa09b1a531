"""Other people's data in texts for people: nothing of it acts upon a terminal or forges a line.

Names, events, patterns and texts of exceptions can hold control characters, which a terminal obeys, and
marks that turn the direction of writing. Every text that simbridge shows writes them as Python does in a
string: `\\x1b`, `\\u202e`. Data for programs (`to_dict`, records, AWS's answers to a client) stays as it is.
"""

from __future__ import annotations

from simbridge.base.json import to_text

__all__ = ["printable", "printable_json", "printable_lines"]


def printable(text: str) -> str:
    """The text on one line, with escapes for whatever is not printable; line ends are not."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, whose line ends are layout and stay."""
    return "\n".join(map(printable, text.split("\n")))


def printable_json(text: str) -> str:
    """The same JSON document, with JSON's own escapes for whatever is not printable."""
    if text.isprintable():
        return text
    return "".join(one if one == "\n" or one.isprintable() else to_text(one)[1:-1] for one in text)
