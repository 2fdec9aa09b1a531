"""One statement of a policy, compiled: whether it applies to a request, and if not, what differs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, final

from simbridge.base import json
from simbridge.languages.policy.vocabulary import (
    VERSION,
    Matches,
    Statement,
    glob,
    null,
    operator,
    texts,
)

__all__ = ["Compiled", "Facts", "compiled", "differs"]

Facts = Mapping[str, str | tuple[str, ...]]
"""The condition keys of a request, in lower case. A key with several values has a tuple of them."""


@final
class Elements(NamedTuple):
    """An element such as Action or Resource; `negated` if it is NotAction or NotResource."""

    texts: tuple[str, ...]
    matches: tuple[Matches, ...]
    negated: bool

    def holds(self, seen: str) -> bool:
        """Whether the action or resource of a request is one of these; or is none of them."""
        return any(matches(seen) for matches in self.matches) != self.negated


@final
class Compiled(NamedTuple):
    """A compiled statement. `name` is its Sid, or its number in the policy."""

    name: str
    effect: str
    principals: frozenset[str]
    services: frozenset[str]
    others: bool
    actions: Elements
    resources: Elements
    conditions: tuple[Condition, ...]

    def names(self, principals: frozenset[str], service: str | None) -> bool:
        """Whether it is about this caller; with NotPrincipal (`others`) about everybody else."""
        named = not principals.isdisjoint(self.principals) or service in self.services
        return named != self.others

    def mismatch(self, action: str, resource: str, known: Facts) -> str | None:
        """The first thing after the caller in which a request differs; None if nothing does."""
        if not self.actions.holds(action):
            return differs("the action", action, self.actions.texts, self.actions.negated)
        if not self.resources.holds(resource):
            return differs("the resource", resource, self.resources.texts, self.resources.negated)
        failed = next((one for one in self.conditions if not one.holds(known)), None)
        return None if failed is None else failed.mismatch(known)


def differs(what: str, seen: str, wanted: Sequence[str], negated: bool) -> str:
    """What was seen, and what was wanted instead."""
    anything_but = "anything but " * negated
    return f"{what} is {seen}, wanted {anything_but}{' or '.join(wanted) or 'nothing'}"


_VARIABLE = re.compile(r"\$\{([\w:.-]+)\}")


@final
class Condition(NamedTuple):
    """One key that is compared with values; any of them will do, or with `negated` none may.

    `quantifier`: all values of the request have to hold, or any; a key usually has only one. `absent` is
    the answer if the request does not have the key.
    """

    name: str
    key: str
    values: tuple[str, ...]
    compare: Callable[[str, str], bool]
    negated: bool
    absent: bool
    quantifier: Callable[[Sequence[bool]], bool]
    variables: bool

    def holds(self, known: Facts) -> bool:
        """Whether it holds of a request with these keys."""
        seen = known.get(self.key)
        if self.compare is null:
            return any((seen is None) == (value.lower() == "true") for value in self.values)
        if seen is None:
            return self.absent
        wanted = self._wanted(known)
        several = (seen,) if isinstance(seen, str) else seen
        found = [
            any(self.compare(value, one) for value in wanted) != self.negated for one in several
        ]
        return self.quantifier(found)

    def mismatch(self, known: Facts) -> str:
        """What the key is, and what was wanted."""
        seen = known.get(self.key)
        if self.compare is null:
            found = "absent" if seen is None else "present"
            return f"{self.name} is {found}, wanted {'present' if seen is None else 'absent'}"
        several = (seen,) if isinstance(seen, str) else seen or ("absent",)
        return differs(self.name, " and ".join(several), self._wanted(known), self.negated)

    def _wanted(self, known: Facts) -> Sequence[str]:
        """The values, their variables replaced by keys of the request."""
        if not self.variables:
            return self.values

        def value_of(found: re.Match[str]) -> str:
            value = known.get(found[1].lower())
            return value if isinstance(value, str) else found[0]

        return [_VARIABLE.sub(value_of, value) for value in self.values]


def compiled(policy: str, found: list[Statement]) -> tuple[Compiled, ...]:
    """The statements of a stored policy. Before 2012 a policy had no variables."""
    variables = json.decode(policy).get("Version") == VERSION
    return tuple(_statement(number, one, variables) for number, one in enumerate(found, 1))


def _statement(number: int, statement: Statement, variables: bool) -> Compiled:
    sid = statement.get("Sid")
    others = "NotPrincipal" in statement
    named = statement["NotPrincipal" if others else "Principal"]
    return Compiled(
        f"statement {sid!r}" if sid else f"statement {number}",
        statement["Effect"],
        frozenset(_named(named, "AWS")),
        frozenset(_named(named, "Service")),
        others,
        _elements(statement, "Action", fold=True),
        _elements(statement, "Resource", fold=False),
        tuple(
            _condition(name, key, values, variables)
            for name, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        ),
    )


def _named(principal: Any, kind: str) -> list[str]:
    if isinstance(principal, str):
        return [principal] if kind == "AWS" else []
    return texts(principal[kind]) if kind in principal else []


def _elements(statement: Statement, name: str, *, fold: bool) -> Elements:
    negated = f"Not{name}" in statement
    given = texts(statement[f"Not{name}" if negated else name])
    return Elements(tuple(given), tuple(glob(one, fold=fold) for one in given), negated)


def _condition(name: str, key: str, values: Any, variables: bool) -> Condition:
    found = operator(name)
    assert found is not None, "checked when the policy was put"
    compare, negated = found
    every = name.startswith("ForAllValues:")
    forgiving = name.endswith("IfExists") or every
    absent = forgiving or (negated and not name.startswith("ForAnyValue:"))
    return Condition(
        key,
        key.lower(),
        tuple(texts(values)),
        compare,
        negated,
        absent,
        all if every else any,
        variables and any("${" in value for value in texts(values)),
    )
