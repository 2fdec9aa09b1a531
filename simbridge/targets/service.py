"""What a module of `services` declares: the kinds of targets of a service, and how it fails.

A `TargetKind` says how the ARN of such a target is recognised, whether PutTargets wants a role, which
block of parameters belongs to it, which ways of changing the input it refuses, what it gets if the
target names no input, how large a payload may be, how its service is called, and which example the
documentation shows. PutTargets, the deliveries, the stand-ins and the documentation read nothing else
about kinds of targets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple, final

from simbridge.model.arn import Arn
from simbridge.targets.failures import TOO_LARGE, FailureKind
from simbridge.targets.permission import Permission
from simbridge.targets.sending import Requester

__all__ = [
    "ALWAYS",
    "INPUTS",
    "KIB",
    "Block",
    "Example",
    "Refusal",
    "Service",
    "TargetKind",
]

Block = Mapping[str, Any]
"""One block of parameters, as PutTargets was given it."""

Check = Callable[[str, str, Block], str | None]
"""What PutTargets says about the block of a target: id, ARN, block; None if it accepts the block."""

Role = Literal["required", "optional", "refused", "setting"]
"""`setting`: required or not as the limit `bus_target_role_required` says."""

KIB = 1024

INPUTS = ("Input", "InputPath", "InputTransformer")
"""The fields of a target that change its input."""

ALWAYS = ("Arn",)
"""`TargetKind.fails_with` of a kind that is asked before every attempt."""


@final
class Example(NamedTuple):
    """The target that the documentation shows: the resource of its ARN, and its other fields."""

    resource: str
    fields: Mapping[str, Any]


@final
class TargetKind(NamedTuple):
    """One kind of target.

    `form` is the last part of its ARN: words in capitals stand for names (`_PLACES`), brackets for
    what may be left out. `default` is what it gets if the target names no input. `fails_with`
    are the fields of a target with which `requester` may find that a request cannot be made; only
    then is it asked before an attempt. `payload_bytes_max` is None if no bound is documented
    that an event could reach. `timeout_us` is how long EventBridge waits for its answer, None if
    that is not documented. `lacks` are the parts that its ARN may leave empty. `cross_account`: it
    may belong to another account than the rule. `check` has the rules of PutTargets for its block.
    `too_large` and `empty` are how a payload fails that is longer than `payload_bytes_max`, or empty
    (None: an empty one is accepted). `permission` is what its resource policy must allow, None if it is
    called with a role.
    """

    name: str
    service: str
    form: str
    role: Role
    requester: Requester
    example: Example
    block: str | None = None
    block_required: bool = False
    check: Check | None = None
    inputs: tuple[str, ...] = INPUTS
    refusal: str = ""
    default: Literal["event", "nothing"] = "event"
    fails_with: tuple[str, ...] = ()
    payload_bytes_max: int | None = None
    too_large: FailureKind = TOO_LARGE
    empty: FailureKind | None = None
    timeout_us: int | None = None
    lacks: tuple[Literal["region", "account"], ...] = ()
    cross_account: bool = False
    permission: Permission | None = None

    def fits(self, arn: Arn) -> bool:
        """Whether the ARN names a target of this kind."""
        return (
            arn.service == self.service
            and bool(arn.region or "region" in self.lacks)
            and bool(arn.account or "account" in self.lacks)
            and bool(_compiled(self.form).fullmatch(arn.resource))
        )

    def may_fail(self, target: Mapping[str, Any]) -> bool:
        """Whether requests of this target, as it was put, can turn out to be impossible."""
        return any(target.get(name) is not None for name in self.fails_with)


@final
class Refusal(NamedTuple):
    """One error of a service: EventBridge's code for it, its text, and when it happens."""

    service: str
    error: str
    code: str
    text: str
    when: str


@final
class Service(NamedTuple):
    """The row of one module of `services`.

    If an ARN fits two of the `kinds`, it is of the first. `failures` are the requests that cannot be
    made, as far as they are not shared (`failures.SHARED`). Of the `refusals` with one code, the most
    usual one is first.
    """

    kinds: tuple[TargetKind, ...]
    failures: tuple[FailureKind, ...] = ()
    refusals: tuple[Refusal, ...] = ()


# What the words in the form of an ARN mean.
_PLACES = {
    "NAME": r"[^:/\s]+",
    "GROUP": r"[^:*\s]+",
    "VERSION": r"[^:/\s]*",
    "ROUTE": r"\S*",
    "BUS": r"[/.\-_A-Za-z0-9]+",
    "[": "(?:",
    "]": ")?",
}
_FORM_WORD = re.compile(r"[A-Z]{2,}|\[|\]|[^A-Z\[\]]+|.")


@lru_cache(maxsize=128)
def _compiled(form: str) -> re.Pattern[str]:
    words = _FORM_WORD.findall(form)
    return re.compile("".join(_PLACES.get(word, re.escape(word)) for word in words))
