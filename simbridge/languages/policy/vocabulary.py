"""The vocabulary of policies: statements, principals, condition operators, wildcards.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from simbridge.base import json
from simbridge.base.errors import InvalidPolicy

__all__ = [
    "NO_ACCOUNT",
    "OTHER_OPERATORS",
    "VERSION",
    "Matches",
    "Statement",
    "document",
    "glob",
    "null",
    "operator",
    "principal",
    "root",
    "statements",
    "texts",
    "written",
]

VERSION = "2012-10-17"

NO_ACCOUNT = "000000000000"
"""Twelve digits that are not an account (captured)."""

Statement = dict[str, Any]
Matches = Callable[[str], bool]


def statements(policy: str | None) -> list[Statement]:
    """The statements of a stored policy."""
    found: list[Statement] = json.decode(policy)["Statement"] if policy is not None else []
    return found


def document(old: str | None, new: list[Statement]) -> str | None:
    """A policy as it is stored, with these statements; None if there are none."""
    if not new:
        return None
    kept = json.decode(old) if old is not None else {"Version": VERSION}
    return written({**kept, "Statement": new})


def written(policy: Mapping[str, Any]) -> str:
    """A document as it is stored: compact."""
    return json.encode(policy).decode()


def root(account: str, partition: str = "aws") -> str:
    """The principal of a whole account."""
    return f"arn:{partition}:iam::{account}:root"


def principal(text: str, partition: str) -> str:
    """A principal as it is stored: an account as its root, unless no such account can be (captured)."""
    return root(text, partition) if text.isdigit() and text != NO_ACCOUNT else text


def operator(name: str) -> tuple[Callable[[str, str], bool], bool] | None:
    """What an operator compares with, and whether it is negated; None if it is not simulated."""
    return _OPERATORS.get(re.sub(r"^For(?:AllValues|AnyValue):|IfExists$", "", name))


def _equal(wanted: str, seen: str) -> bool:
    return wanted == seen


def _equal_folded(wanted: str, seen: str) -> bool:
    return wanted.casefold() == seen.casefold()


def _like(wanted: str, seen: str) -> bool:
    return glob(wanted)(seen)


def null(wanted: str, seen: str) -> bool:
    raise AssertionError("Null is about a key that may be absent, not about a value")


# What an operator compares with, and whether it says that nothing may be equal.
_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_folded, False),
    "StringNotEqualsIgnoreCase": (_equal_folded, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "ArnEquals": (_like, False),
    "ArnLike": (_like, False),
    "ArnNotEquals": (_like, True),
    "ArnNotLike": (_like, True),
    "Bool": (_equal_folded, False),
    "Null": (null, False),
}

OTHER_OPERATORS = re.compile(
    r"(?:For(?:All|Any)Values?:)?(?:(?:Numeric|Date)\w+|BinaryEquals|(?:Not)?IpAddress)(?:IfExists)?"
)
"""Operators that AWS has as well, for keys that no request here has."""


@lru_cache(maxsize=4096)
def glob(pattern: str, fold: bool = False) -> Matches:
    """A text with `*` for any characters and `?` for one."""
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(sign) or re.escape(sign) for sign in pattern)
    fullmatch = re.compile(text, re.DOTALL | (re.IGNORECASE if fold else 0)).fullmatch
    return lambda seen: fullmatch(seen) is not None


def texts(value: Any) -> list[str]:
    """One text or a list of them; truth values and numbers are written out."""
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else _scalar(one) for one in values]


def _scalar(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return json.to_text(value)
    raise InvalidPolicy("This text appears not to be a policy", "A text or a list is wanted.")
