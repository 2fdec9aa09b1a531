"""What a world is told when it is made: checks of its options, each slip told in one sentence.

An account and a region are asked for in other places too; they are checked here as well.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

from simbridge.base import given
from simbridge.base.errors import SimbridgeError

__all__ = ["account", "organizations", "region", "seed"]

_ACCOUNT = re.compile(r"[0-9]{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")


def seed(value: object) -> None:
    """Raise `SimbridgeError` for what is no whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise SimbridgeError(f"a seed is a whole number, not {value!r}")


def account(value: object) -> str:
    """The id of an account; the same text is the same object."""
    if not isinstance(value, str) or not _ACCOUNT.fullmatch(value):
        raise SimbridgeError(f"an account is twelve digits as text, not {value!r}")
    return sys.intern(value)


def region(value: object) -> str:
    """The name of a region; the same text is the same object."""
    if not isinstance(value, str) or not _REGION.fullmatch(value):
        raise SimbridgeError(f"a region looks like 'us-east-1', not {value!r}")
    return sys.intern(value)


def organizations(value: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The organization of each account that is in one."""
    found: dict[str, str] = {}
    given.mapping(value, "organizations", "{'o-a1b2c3d4e5': ['123456789012']}")
    for organization, accounts in value.items():
        if not isinstance(organization, str) or not _ORGANIZATION.fullmatch(organization):
            raise SimbridgeError(f"an organization looks like 'o-a1b2c3d4e5', not {organization!r}")
        for member in map(account, given.list_of(accounts, "an organization", "of accounts")):
            if found.setdefault(member, organization) != organization:
                raise SimbridgeError(f"account {member} cannot be in two organizations")
    return found
