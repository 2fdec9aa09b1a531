"""Reads JSON one token at a time, with the errors of AWS's parser.

EventBridge compiles patterns with Jackson, a Java JSON reader, and what the reader says reaches the
client letter by letter: the words of a syntax error, and after every error the line and column at
which the reader stopped. So this reader does as Jackson does (its documentation and recorded
answers say how):

- A text value is taken up lazily. Until it is needed, the reader is behind its opening
  quote; that is where "must be a string" errors point.
- A field name is read together with the colon and the first token of its value. A broken value is
  therefore noticed before the name is examined.
- Lines and columns count from one, columns count UTF-16 units, and an error points just behind what
  was read; only where a single character is wrong, at that character (since Jackson 2.17; captured
  for the start of a field name). Only the first 500 characters of the pattern are quoted.
- What follows the pattern's closing brace is not read at all.

`Reader` holds a position and a stack of open brackets, and never calls itself: nesting is bounded by
a number (1,000, as in Jackson) and not by Python's stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final, NoReturn

from simbridge.base.errors import InvalidPattern
from simbridge.base.json import replace_lone_surrogates
from simbridge.languages.pattern.json_places import describe, where

__all__ = ["NESTING_MAX", "TOO_DEEP", "Reader", "Token"]

NESTING_MAX: Final = 1000
"""How deep a pattern may nest: Jackson's default, StreamReadConstraints."""

TOO_DEEP: Final = (
    f"Document nesting depth ({NESTING_MAX + 1}) exceeds the maximum allowed "
    f"({NESTING_MAX}, from `StreamReadConstraints.getMaxNestingDepth()`)"
)

_TOKEN_CHARACTERS_MAX: Final = 256

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*')
_DIGITS: Final = re.compile(r"[0-9]*")
_NAME_PART: Final = re.compile(r"[\w$]*")
_HEX: Final = re.compile(r"[0-9a-fA-F]")
_ESCAPES: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class Token(Enum):
    """What the reader has just read."""

    START_OBJECT = "{"
    END_OBJECT = "}"
    START_ARRAY = "["
    END_ARRAY = "]"
    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    TRUE = "true"
    FALSE = "false"
    NULL = "null"
    END = "end"


_WORDS: Final = {"t": Token.TRUE, "f": Token.FALSE, "n": Token.NULL}
_STARTS: Final = {"{": Token.START_OBJECT, "[": Token.START_ARRAY}


class Reader:
    """A pattern text and the place in it.

    `next` moves on, `text` is the text of the token read last, `fail` raises `InvalidPattern` with
    AWS's wording and the place (fidelity 4.9).
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._open: list[tuple[str, int]] = []
        self._fresh: list[bool] = []  # per open bracket: nothing read inside yet
        self._ahead: Token | None = None
        self._text = ""
        self._number = ""
        self._lazy = False
        self._suffixes = 1
        self.token = Token.END

    def next(self) -> Token:
        """Read the next token, which is also `token` until the next call."""
        self.token = self._next()
        return self.token

    def _next(self) -> Token:
        if self._ahead is not None:
            token, self._ahead = self._ahead, None
            return self._arrive(token)
        if self._lazy:
            self._text = self._rest_of_text("string value")
        character = self._skip_space()
        if character in "}]" and character:
            return self._close(character)
        if not character:
            return self._end()
        if self._open:
            if not self._fresh[-1]:
                character = self._comma(character)
            self._fresh[-1] = False
            if self._open[-1][0] == "{":
                return self._field(character)
        return self._arrive(self._value(character))

    def expect(self, token: Token, complaint: str) -> None:
        """Read the next token and refuse the pattern if it is another."""
        if self.next() is not token:
            self.fail(complaint)

    def text(self) -> str:
        """The text of the token read last: the value of a string, the digits of a number."""
        if self._lazy:
            self._text = self._rest_of_text("string value")
        return self._text

    def fail(self, message: str, *, once: bool = False) -> NoReturn:
        """Refuse the pattern at the present place, named once even where `doubled` is in force."""
        raise self._complaint(message + self._place() * (1 if once else self._suffixes))

    def _fail_at_character(self, message: str) -> NoReturn:
        """Refuse the pattern at the character read last."""
        self._at -= 1
        self.fail(message)

    def fail_without_place(self, message: str) -> NoReturn:
        """Refuse the pattern with one of the few messages that carry no place."""
        raise self._complaint(message)

    @contextmanager
    def doubled(self) -> Iterator[None]:
        """Name the place twice, as the service does inside a list of `anything-but`."""
        self._suffixes = 2
        yield
        self._suffixes = 1

    # ------------------------------------------------------------------ tokens

    def _arrive(self, token: Token) -> Token:
        if token is Token.START_OBJECT or token is Token.START_ARRAY:
            if len(self._open) == NESTING_MAX:
                self.fail_without_place(TOO_DEEP)
            self._open.append((token.value, self._at - 1))
            self._fresh.append(True)
        if token is Token.NUMBER:
            self._text = self._number
        elif token is Token.TEXT:
            self._lazy = True
        else:
            self._text = token.value
        return token

    def _close(self, character: str) -> Token:
        bracket, start = self._open[-1] if self._open else ("", 0)
        wanted = {"{": "}", "[": "]", "": ""}[bracket]
        if character != wanted:
            if not wanted:
                self._unexpected(character, f"expected a valid value {_VALUES}")
            self._fail_at_character(
                f"Unexpected close marker '{character}': expected '{wanted}' "
                f"(for {self._kind()} starting at {where(self._source, start)})"
            )
        self._open.pop()
        self._fresh.pop()
        self._text = character
        return Token(character)

    def _end(self) -> Token:
        if self._open:
            kind, start = self._kind(), self._open[-1][1]
            self.fail(
                f"Unexpected end-of-input: expected close marker for {kind} "
                f"(start marker at {where(self._source, start)})"
            )
        return Token.END

    def _comma(self, character: str) -> str:
        if character != ",":
            kind = self._kind()
            self._unexpected(character, f"was expecting comma to separate {kind} entries")
        character = self._skip_space()
        if not character:
            self.fail(f"Unexpected end-of-input within/between {self._kind()} entries")
        return character

    def _field(self, character: str) -> Token:
        if character != '"':
            self._unexpected(character, "was expecting double-quote to start field name")
        self._text = self._rest_of_text("name")
        colon = self._skip_space()
        if not colon:
            self.fail("Unexpected end-of-input within/between Object entries")
        if colon != ":":
            self._unexpected(colon, "was expecting a colon to separate field name and value")
        first = self._skip_space()
        if not first:
            self.fail("Unexpected end-of-input within/between Object entries")
        self._ahead = self._value(first)
        return Token.NAME

    def _value(self, character: str) -> Token:
        if character == '"':
            return Token.TEXT
        if character in _STARTS:
            return _STARTS[character]
        if character in _WORDS:
            return self._word(_WORDS[character])
        if character.isascii() and (character.isdigit() or character == "-"):
            return self._read_number(character)
        if character == "}":
            self._unexpected(character, "expected a value")
        if character == "+":
            self._unexpected(
                character,
                "JSON spec does not allow numbers to have plus signs: enable "
                "`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow",
                " in numeric value",
            )
        if character.isidentifier() or character == "$":
            self._unknown_word(character)
        self._unexpected(character, f"expected a valid value {_VALUES}")

    def _word(self, token: Token) -> Token:
        word = token.value
        for index in range(1, len(word)):
            if self._source[self._at : self._at + 1] != word[index]:
                self._unknown_word(word[:index])
            self._at += 1
        if _end(_NAME_PART, self._source, self._at) > self._at:
            self._unknown_word(word)
        return token

    def _unknown_word(self, start: str) -> NoReturn:
        rest = self._source[self._at : _end(_NAME_PART, self._source, self._at)]
        if len(start) + len(rest) >= _TOKEN_CHARACTERS_MAX:
            rest = rest[: _TOKEN_CHARACTERS_MAX - len(start)] + "..."
            self._at += len(rest) - 3
        else:
            self._at += len(rest)
        word = start + rest
        if word in ("NaN", "Infinity"):
            self.fail(
                f"Non-standard token '{word}': enable "
                "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
            )
        self.fail(f"Unrecognized token '{word}': was expecting {_VALUES}")

    # ----------------------------------------------------------------- numbers

    def _read_number(self, first: str) -> Token:
        start = self._at - 1
        if first == "-":
            first = self._take()
            if not (first.isascii() and first.isdigit()):
                comment = "expected digit (0-9) to follow minus sign, for valid numeric value"
                self._unexpected(first, comment, " in numeric value")
        following = self._source[self._at : self._at + 1]
        if first == "0" and following.isascii() and following.isdigit():
            self.fail("Invalid numeric value: Leading zeroes not allowed")
        self._digits()
        if self._source.startswith(".", self._at):
            self._at += 1
            self._digits("Decimal point not followed by a digit")
        if self._source[self._at : self._at + 1] in ("e", "E"):
            self._at += 1
            if self._source[self._at : self._at + 1] in ("+", "-"):
                self._at += 1
            self._digits("Exponent indicator not followed by a digit")
        self._number = self._source[start : self._at]
        return Token.NUMBER

    def _digits(self, complaint: str = "") -> None:
        end = _end(_DIGITS, self._source, self._at)
        if end == self._at and complaint:
            self._unexpected(self._take(), complaint, " in numeric value")
        self._at = end

    # ------------------------------------------------------------------- texts

    def _rest_of_text(self, kind: str) -> str:
        self._lazy = False
        parts: list[str] = []
        while True:
            start, self._at = self._at, _end(_PLAIN, self._source, self._at)
            parts.append(self._source[start : self._at])
            character = self._source[self._at : self._at + 1]
            self._at += len(character)
            if character == '"':
                break
            if not character:
                what = " in field name" if kind == "name" else _UNCLOSED
                self.fail(f"Unexpected end-of-input{what}")
            if character != "\\":
                self._fail_at_character(
                    f"Illegal unquoted character ({describe(character)}): has to be escaped "
                    f"using backslash to be included in {kind}"
                )
            parts.append(self._escape())
        text = "".join(parts)
        if any("\ud800" <= character <= "\udfff" for character in text):
            return replace_lone_surrogates(text)
        return text

    def _escape(self) -> str:
        character = self._take(" in character escape sequence")
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character != "u":
            self._fail_at_character(f"Unrecognized character escape {describe(character)}")
        code = ""
        for _ in range(4):
            digit = self._take(" in character escape sequence")
            if not _HEX.match(digit):
                self._unexpected(digit, "expected a hex-digit for character escape sequence")
            code += digit
        return chr(int(code, 16))

    # --------------------------------------------------------------- odds, ends

    def _take(self, where: str = " in a value") -> str:
        character = self._source[self._at : self._at + 1]
        if not character:
            self.fail(f"Unexpected end-of-input{where}")
        self._at += 1
        return character

    def _skip_space(self) -> str:
        self._at = _end(_SPACE, self._source, self._at)
        character = self._source[self._at : self._at + 1]
        self._at += len(character)
        if character and character < " ":
            self.fail(
                f"Illegal character ({describe(character)}): only regular white space "
                "(\\r, \\n, \\t) is allowed between tokens"
            )
        return character

    def _kind(self) -> str:
        return "Object" if self._open[-1][0] == "{" else "Array"

    def _unexpected(self, character: str, comment: str, where: str = "") -> NoReturn:
        self._fail_at_character(f"Unexpected character ({describe(character)}){where}: {comment}")

    def _place(self) -> str:
        return f"\n at {where(self._source, self._at)}"

    @staticmethod
    def _complaint(message: str) -> InvalidPattern:
        return InvalidPattern(f"Event pattern is not valid. Reason: {message}")


_UNCLOSED: Final = ": was expecting closing quote for a string value"


def _end(pattern: re.Pattern[str], source: str, at: int) -> int:
    found = pattern.match(source, at)
    assert found is not None, "these patterns match the empty text"
    return found.end()
