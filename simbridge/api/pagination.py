"""Pagination of list operations.

A token holds the key of the last item that was returned, not a position, so it stays correct when items
are added or removed between two pages. It also holds a hash of the query: AWS accepts a token only for
the same operation with the same filters (fidelity 11.8). To the client it is opaque text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from simbridge.api.errors import invalid
from simbridge.base import json

__all__ = ["named", "page", "plain_page"]

Item = TypeVar("Item")

_NOT_FILTERS = ("Limit", "NextToken")


def named(items: Mapping[str, Item], prefix: str | None) -> Iterator[tuple[str, Item]]:
    """The (name, item) pairs whose name begins with the `NamePrefix` of a list; all without one."""
    return (pair for pair in items.items() if pair[0].startswith(prefix or ""))


def page(
    operation: str,
    request: Mapping[str, Any],
    items: Iterable[tuple[str, Item]],
    default_limit: int,
) -> tuple[list[Item], dict[str, str]]:
    """One page of (key, item) pairs in the order of their keys, and the token if more remain.

    Items may be entries of the store; the caller formats those that are returned.

    Raises ValidationException for a token that another query returned, or none (captured).
    """
    query = _query(operation, request)
    token = request.get("NextToken")
    after = _read(token, query) if token is not None else None
    rest = sorted((pair for pair in items if after is None or pair[0] > after), key=itemgetter(0))
    limit = request.get("Limit") or default_limit
    found = [item for _, item in rest[:limit]]
    if len(rest) <= limit:
        return found, {}
    return found, {"NextToken": _write(query, rest[limit - 1][0])}


_PLAIN = r"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{4}|[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{2}={2})$"
_TO_URLSAFE, _TO_PLAIN = str.maketrans("+/", "-_"), str.maketrans("-_", "+/")


def plain_page(
    operation: str,
    request: Mapping[str, Any],
    items: Iterable[tuple[str, Item]],
    default_limit: int,
) -> tuple[list[Item], dict[str, str]]:
    """`page` for the lists of connections and API destinations, whose tokens are plain Base64.

    They refuse a token of another form by its pattern (fidelity 11.8; captured).
    """
    token = request.get("NextToken")
    if token is not None:
        if not re.fullmatch(_PLAIN, token):
            raise invalid(
                f"1 validation error detected: Value '{token}' at 'nextToken' failed to satisfy "
                f"constraint: Member must satisfy regular expression pattern: {_PLAIN}"
            )
        request = {**request, "NextToken": token.translate(_TO_URLSAFE)}
    found, more = page(operation, request, items, default_limit)
    return found, {name: value.translate(_TO_PLAIN) for name, value in more.items()}


def _write(query: str, last: str) -> str:
    return base64.urlsafe_b64encode(json.encode((query, last))).decode()


def _read(token: str, query: str) -> str:
    """The key of the last item that was returned. A token that `_write` would not make is invalid."""
    try:
        _, last = msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[str, str])
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        last = ""
    if token != _write(query, last):
        raise invalid("Parameter NextToken is not valid. Reason: Token invalid.")
    return last


def _query(operation: str, request: Mapping[str, Any]) -> str:
    """A short hash of operation and filters: a token has at most 2,048 characters, an ARN up to 1,600."""
    filters = sorted((k, v) for k, v in request.items() if k not in _NOT_FILTERS and v is not None)
    return hashlib.blake2b(json.encode((operation, filters)), digest_size=12).hexdigest()
