"""The table of everything that rules deliver to, collected from `services`, and look-ups in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from simbridge.model.arn import Arn
from simbridge.targets.failures import SHARED, Failure, FailureKind
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import ALWAYS, Block, Check, TargetKind
from simbridge.targets.services import SERVICES

__all__ = [
    "BLOCKS",
    "FAILURES",
    "FITS_ANYWHERE_CHARS",
    "KINDS",
    "complaint",
    "failure",
    "is_service",
    "kind_of",
    "request",
]

KINDS: tuple[TargetKind, ...] = tuple(kind for service in SERVICES for kind in service.kinds)
"""Every kind of target. If an ARN fits two of them, it is of the first."""

FAILURES: tuple[FailureKind, ...] = tuple(
    dict.fromkeys([*SHARED, *(failure for service in SERVICES for failure in service.failures)])
)
"""Every way in which a request cannot be made."""

BLOCKS: tuple[str, ...] = tuple(
    dict.fromkeys(kind.block for kind in KINDS if kind.block and kind.block != "SqsParameters")
)
"""The blocks that are refused on other kinds; SqsParameters is accepted anywhere (lint)."""

FITS_ANYWHERE_CHARS = (
    min(
        kind.payload_bytes_max
        for kind in KINDS
        if kind.payload_bytes_max is not None and kind.fails_with != ALWAYS
    )
    // 16
)
"""A payload of no more characters fits any target that is not asked anyway, however it is written.

A character is four bytes at most in a text; in an event that is written out anew it can become
sixteen (`1e15`, control characters in a name) and the envelope comes on top.
"""

_CHECKS: Mapping[str, Check] = {
    kind.block: kind.check for kind in KINDS if kind.block and kind.check is not None
}

# The region of an ARN as the service model writes it, or none.
_REGION = re.compile(r"([a-z]+-[a-z]+-[\w-]+)?", re.ASCII)


def is_service(service: str) -> bool:
    """Whether EventBridge delivers to anything of this service."""
    return any(kind.service == service for kind in KINDS)


@lru_cache(maxsize=4096)
def kind_of(arn: Arn) -> TargetKind | None:
    """The kind of target an ARN names; None if its form fits none."""
    if not _REGION.fullmatch(arn.region):
        return None
    return next((kind for kind in KINDS if kind.fits(arn)), None)


def complaint(block: str, target_id: str, target_arn: str, parameters: Block) -> str | None:
    """What PutTargets says about one block of parameters, beyond what the service model says of it.

    Lengths, patterns and enumerations are in the service model and are checked before. What is left here
    are rules between members, and bounds that the model lacks. None if the block is accepted. If a
    block breaks several rules, AWS's order is not known; it is that of the block's `check`.
    """
    check = _CHECKS.get(block)
    return check(target_id, target_arn, parameters) if check is not None else None


def request(kind: TargetKind, sending: Sending) -> Request:
    """The call of the target's service, for a sending for which `failure` gave None."""
    made = kind.requester(sending)
    assert isinstance(made, dict), f"{sending.target} was sent what cannot be sent: {made}"
    return made


def failure(kind: TargetKind, sending: Sending) -> Failure | None:
    """Why this cannot be sent to a target of this kind; None if it can.

    A call is needed only if `TargetKind.may_fail` says so, or if the payload is longer than
    `FITS_ANYWHERE_CHARS`, or empty.
    """
    if sending.body == "" and kind.empty is not None:
        return kind.empty.because()
    most = kind.payload_bytes_max
    if most is not None and (kind.default == "event" or sending.body is not None):
        size = len(sending.text.encode("utf-8", "surrogatepass"))
        if size > most:
            return kind.too_large.because(size=size, most=most)
    if not kind.fails_with:
        return None
    made = kind.requester(sending)
    return made if isinstance(made, Failure) else None
