"""The generated parts of `docs/reference/targets.md`.

Two tables are made of the table of the code (`table`), and one example for each kind shows a target
and its request, which is computed like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simbridge.base.json import to_text
from simbridge.languages import transform
from simbridge.model import arn as arns
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import TargetKind
from simbridge.targets.table import FAILURES, KINDS, request

__all__ = [
    "RULE_ARN",
    "SAMPLE",
    "example_request",
    "example_target",
    "examples",
    "failures",
    "kinds",
    "permissions",
]

RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/orders"

SAMPLE: dict[str, Any] = {
    "version": "0",
    "id": "4ea38d8e-0ee4-dbf3-3e21-f8e7bf6525d9",
    "detail-type": "OrderPlaced",
    "source": "shop",
    "account": "123456789012",
    "time": "2026-03-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {"order": 7, "customer": "c 1"},
}

_ROLE_ARN = "arn:aws:iam::123456789012:role/events"


def example_target(kind: TargetKind) -> dict[str, Any]:
    """The example of a kind as PutTargets takes it."""
    resource, fields = kind.example
    region = "" if "region" in kind.lacks else "us-east-1"
    target: dict[str, Any] = {
        "Id": "t",
        "Arn": f"arn:aws:{kind.service}:{region}:123456789012:{resource}",
    }
    if kind.role in ("required", "setting"):
        target["RoleArn"] = _ROLE_ARN
    return target | dict(fields)


def example_request(kind: TargetKind, envelope: Mapping[str, Any] = SAMPLE) -> Request:
    """What the example of a kind makes of an event."""
    target = example_target(kind)
    context = transform.Context(RULE_ARN, "orders", 0)
    rendered = transform.compile(target).render(dict(envelope), context)
    sending = Sending(
        arns.parse(target["Arn"]),
        target,
        envelope,
        None if rendered is None else rendered.text,
        arns.parse(RULE_ARN),
    )
    return request(kind, sending)


def kinds() -> str:
    """The table of kinds."""
    head = ["kind", "ARN", "RoleArn", "parameters", "input forms", "default", "payload, bytes"]
    head.append("of another account")
    return _table(head, [_kind(kind) for kind in KINDS])


def permissions() -> str:
    """The table of kinds with a resource policy, and what it must allow."""
    rows = [
        [kind.name, ", ".join(f"`{action}`" for action in kind.permission.actions)]
        for kind in KINDS
        if kind.permission is not None
    ]
    return _table(["kind", "actions"], rows)


def failures() -> str:
    """The table of failures that need no attempt."""
    rows = [
        [row.when, row.error, f"`{row.text.replace('{{', '{').replace('}}', '}')}`"]
        for row in FAILURES
    ]
    return _table(["when", "ERROR_CODE", "ERROR_MESSAGE"], rows)


def examples() -> str:
    """The event, and for each kind a target and the request that it makes of the event."""
    parts = [_json(SAMPLE)]
    for kind in KINDS:
        parts += [
            f"### {kind.name}\n",
            _json(example_target(kind)),
            _json(example_request(kind)),
        ]
    return "\n".join(parts)


def _kind(kind: TargetKind) -> list[str]:
    required = ", required" if kind.block_required else ""
    return [
        kind.name,
        f"`{kind.service}` `{kind.form}`",
        "`bus_target_role_required`" if kind.role == "setting" else kind.role,
        f"{kind.block}{required}" if kind.block else "-",
        "any" if len(kind.inputs) == 3 else ", ".join(kind.inputs) or "none",
        kind.default,
        f"{kind.payload_bytes_max:,}" if kind.payload_bytes_max else "-",
        "if its policy allows" if kind.role == "setting" else _CROSS_ACCOUNT[kind.cross_account],
    ]


_CROSS_ACCOUNT = {True: "with a role", False: "no"}


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _json(value: Mapping[str, Any]) -> str:
    return f"```json\n{to_text(value, indent=2)}\n```\n"
