"""Removes what does not belong to a schedule expression: quotes, comments, time zones, look-alike characters."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple, final

__all__ = ["Cleaned", "cleaned"]

_QUOTES = "\"'`;"
_LOOK_ALIKES = {"\u2212": "-", "\u2217": "*", "\u3001": ",", "\u2044": "/"}
_OF_CATEGORY = {"Cf": "", "Zs": " ", "Pd": "-", "Pi": '"', "Pf": '"'}
_COMMENT = re.compile(r"(?<=[^\s])\s+(?P<comment>#.*)", re.S)
_BEHIND = re.compile(
    r"(?P<expression>(?:rate|cron|at)\s*[(\[{][^()\[\]{}]*[)\]}])(?P<behind>.+)", re.I | re.S
)
_BEFORE = re.compile(
    r"(?P<before>[A-Z_ ]+[:=]\s*)(?P<expression>(?:rate|cron|at)\(.*)", re.I | re.S
)
_ZONE_BEFORE = re.compile(
    r"(?P<call>(?:(?:rate|cron)\s*\(\s*)?)(?:CRON_)?TZ=(?P<zone>\S+)\s+(?P<rest>.+)", re.I | re.S
)
_REGIONS = "Africa|America|Antarctica|Asia|Atlantic|Australia|Canada|Etc|Europe|Indian|Pacific|US"
_ZONE = (
    r"(?:UTC|GMT|[ECMP][SD]T|CES?T|WES?T|EES?T|BST|JST|IST|(?:UTC|GMT)[+-][0-9:]{1,5}|"
    rf"[+-][0-9]{{2}}:[0-9]{{2}}|(?:{_REGIONS})/[A-Z_/+0-9-]+)"
)
_ZONE_LAST = re.compile(rf"(?P<expression>.+?)\s+(?P<zone>{_ZONE})(?P<close>\s*\)?)", re.I | re.S)
_UTC = {"UTC", "GMT", "Z", "ETC/UTC", "ETC/GMT", "UTC+0", "+00:00", "UCT"}


@final
class Cleaned(NamedTuple):
    """A text without its surroundings, what is said about them, a zone other than UTC if it names one."""

    text: str
    said: str
    zone: str


def cleaned(expression: str) -> Cleaned:
    """The expression alone, and what was removed."""
    text = "".join(map(_ascii, expression))
    said = [
        f"{_name(sign)} is not ASCII." for sign in dict.fromkeys(expression) if _ascii(sign) != sign
    ]
    if text.strip() != text:
        said.append("It begins or ends with white space.")
    text = text.strip()
    if text.strip(_QUOTES) != text:
        said.append("Remove the quotes around the expression.")
        text = text.strip(_QUOTES).strip()
    if match := _COMMENT.search(text):
        said.append(f"An expression has no comment: remove {match['comment']}.")
        text = text[: match.start()]
    if match := _BEFORE.fullmatch(text):
        said.append(f"Remove what is before the expression: {match['before'].strip()}.")
        text = match["expression"]
    text, behind, zone = _apart(text)
    if behind:
        said.append(f"Remove what follows the closing bracket: {behind}.")
    if zone.upper() in _UTC:
        said.append(f"The times of a rule are in UTC: remove the time zone {zone}.")
        zone = ""
    return Cleaned(text, " ".join(said), zone)


def _apart(text: str) -> tuple[str, str, str]:
    """An expression, what follows its bracket, and the time zone before, behind or in it."""
    if match := _ZONE_BEFORE.fullmatch(text):
        return match["call"] + match["rest"], "", match["zone"]
    if match := _ZONE_LAST.fullmatch(text):
        return match["expression"] + match["close"], "", match["zone"]
    if match := _BEHIND.fullmatch(text):
        behind = match["behind"].strip().strip(_QUOTES).strip()
        if re.fullmatch(rf"\(?{_ZONE}\)?", behind, re.I):
            return match["expression"], "", behind.strip("()")
        return match["expression"], behind, ""
    return text, "", ""


def _ascii(sign: str) -> str:
    """The character of ASCII that a character looks like; nothing for one that is not seen."""
    if sign.isascii():
        return sign
    alike = _LOOK_ALIKES.get(sign) or unicodedata.normalize("NFKC", sign)
    if alike.isascii() and len(alike) == 1:
        return alike
    return _OF_CATEGORY.get(unicodedata.category(sign), sign)


def _name(sign: str) -> str:
    shown = f" ({sign})" if sign.isprintable() else ""
    return f"The character U+{ord(sign):04X}{shown}"
