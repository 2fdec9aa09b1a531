"""The base of every message (`messages`), in a module that all modules of messages can import."""

from __future__ import annotations

import msgspec

__all__ = ["MessageBase"]


class MessageBase(msgspec.Struct, frozen=True, gc=False, tag=True, omit_defaults=True):
    """Frozen, hence shared and never copied."""

    def __deepcopy__(self, memo: object) -> MessageBase:
        return self
