"""Archives: create, describe, list, update, delete.

An archive consists of a managed rule on its source bus and of the events that this rule matched. To
clients the rule is an ordinary one: it is listed, it counts for the quota, it prevents the deletion of the
bus, and removing its target by force disables the archive. So the state of an archive is not stored but
derived from its rule: with a target it is ENABLED, otherwise DISABLED. UpdateArchive restores the rule.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateArchive.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteArchive.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeArchive.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListArchives.html>
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from simbridge.api import pagination
from simbridge.api.errors import invalid, limit_exceeded
from simbridge.api.lookup import bus_at, find_archive, find_bus_by_arn
from simbridge.api.patterns import check_pattern
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.rules import check_rule_quotas, replace_rule
from simbridge.api.store import ArchiveEntry, BusEntry
from simbridge.base.errors import ServiceError
from simbridge.kernel import uuid_from
from simbridge.model import arn
from simbridge.model.messages import Configure, Retire
from simbridge.model.resources import Archive, Rule, Target
from simbridge.model.state_messages import Stop

__all__ = [
    "create_archive",
    "delete_archive",
    "describe_archive",
    "list_archives",
    "one_filter",
    "update_archive",
]

MANAGED_BY = "prod.vhs.events.aws.internal"
"""The service that owns the rules of archives (captured)."""

RETENTION_DAYS_MAX = 2**31 - 1
"""A longer retention is treated as this one (captured)."""

FORCED = "Managed rule for the archive was forcefully deleted."
"""Why an archive is DISABLED: its rule or target was removed; nothing else disables it (captured)."""

# Replayed events are never archived again (user guide): the field is added to every pattern.
_NOT_REPLAYED = '"replay-name":[{"exists":false}]'

_TEXT_OR_SPACE = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")|\s+', re.DOTALL)


@operation
def create_archive(context: Context, request: Request) -> Response:
    """Create an archive of the events of a bus, from now on. Errors (fidelity 6.1, 10.1)."""
    name = request["ArchiveName"]
    bus = find_bus_by_arn(context, request["EventSourceArn"])
    if name in context.store.archives:
        raise ServiceError("ResourceAlreadyExistsException", f"Archive {name} already exists.")
    text = request.get("EventPattern") or None
    if text is not None:
        check_pattern(text)
    if len(context.store.archives) >= context.limits["archives"]:
        raise limit_exceeded()
    archive_arn = arn.archive_arn(context.region, context.account, name)
    _check_rule(context, bus, name, archive_arn, text)
    archive = Archive(
        arn=archive_arn,
        name=name,
        bus_arn=bus.arn,
        created_us=context.now,
        retention_days=min(request.get("RetentionDays") or 0, RETENTION_DAYS_MAX),
        description=request.get("Description") or None,
        event_pattern=text,
        kms_key_identifier=request.get("KmsKeyIdentifier") or None,
    )
    context.store.archives[name] = ArchiveEntry(archive)
    context.send(archive.arn, Configure(archive))
    _put_rule(context, bus, archive)
    return _answer(context, archive)


@operation
def update_archive(context: Context, request: Request) -> Response:
    """Change pattern, retention or description, and restore the rule. Errors (fidelity 6.1).

    What the request leaves out is kept; an empty text removes the old one (captured).
    """
    if all(request.get(name) is None for name in ("EventPattern", "RetentionDays", "Description")):
        raise invalid(
            "At least one of EventPattern, RetentionDays or Description must be provided."
        )
    entry = find_archive(context, request["ArchiveName"])
    old = entry.archive
    bus = find_bus_by_arn(context, old.bus_arn)
    text = _updated(request, "EventPattern", old.event_pattern)
    if text is not None:
        check_pattern(text)
    _check_rule(context, bus, old.name, old.arn, text)
    days = request.get("RetentionDays")
    archive = msgspec.structs.replace(
        old,
        event_pattern=text,
        retention_days=old.retention_days if days is None else min(days, RETENTION_DAYS_MAX),
        description=_updated(request, "Description", old.description),
        kms_key_identifier=_updated(request, "KmsKeyIdentifier", old.kms_key_identifier),
    )
    entry.archive = archive
    context.send(archive.arn, Configure(archive))
    _put_rule(context, bus, archive)
    return _answer(context, archive)


@operation
def delete_archive(context: Context, request: Request) -> Response:
    """Delete an archive with its events and its rule; replays of it fail (captured)."""
    archive = find_archive(context, request["ArchiveName"]).archive
    del context.store.archives[archive.name]
    bus = bus_at(context, archive.bus_arn)
    rule = _rule_of(bus, archive)
    if bus is not None and rule is not None:
        del bus.rules[rule.name]
        bus.rule_tags.pop(rule.name, None)
        context.send(bus.arn, Retire(rule.arn))
    context.send(archive.arn, Retire(archive.arn))
    for entry in context.store.replays.values():
        if entry.replay.archive_arn == archive.arn and entry.ended_us is None:
            context.send(entry.replay.arn, Stop("FAILED", "Archive resource not found."))
    return {}


@operation
def describe_archive(context: Context, request: Request) -> Response:
    """Describe an archive. What is not set is left out (recorded)."""
    entry = find_archive(context, request["ArchiveName"])
    archive = entry.archive
    settings = {
        "Description": archive.description,
        "EventPattern": archive.event_pattern,
        "KmsKeyIdentifier": archive.kms_key_identifier,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    return {"ArchiveArn": archive.arn} | _listed(context, entry) | given


@operation
def list_archives(context: Context, request: Request) -> Response:
    """List the archives of the account in this region, sorted by name."""
    one_filter("ListArchives", request)
    bus_arn, state = request.get("EventSourceArn"), request.get("State")
    if bus_arn is not None:
        find_bus_by_arn(context, bus_arn)
    found, more = pagination.page(
        "ListArchives",
        request,
        (
            (name, _listed(context, entry))
            for name, entry in pagination.named(context.store.archives, request.get("NamePrefix"))
            if bus_arn in (None, entry.archive.bus_arn)
            and state in (None, _state(context, entry.archive))
        ),
        context.limits["list_page"],
    )
    return {"Archives": found} | more


def one_filter(operation_name: str, request: Request) -> None:
    """Raise ValidationException for a list with more than one filter (captured)."""
    if sum(request.get(name) is not None for name in ("State", "EventSourceArn", "NamePrefix")) > 1:
        raise invalid(
            f"At most one filter is allowed for {operation_name}. "
            "Use either : State, EventSourceArn, or NamePrefix."
        )


def _rule_name(archive: str) -> str:
    return f"Events-Archive-{archive}"


def _rule_of(bus: BusEntry | None, archive: Archive) -> Rule | None:
    rule = bus.rules.get(_rule_name(archive.name)) if bus is not None else None
    return rule if rule is not None and rule.archive_arn == archive.arn else None


def _check_rule(
    context: Context, bus: BusEntry, archive: str, archive_arn: str, text: str | None
) -> None:
    """Raise if the quotas of the bus do not allow the managed rule, or another rule has its name."""
    rule = bus.rules.get(_rule_name(archive))
    if rule is not None and rule.archive_arn != archive_arn:
        # The answer of the service is not known.
        raise ServiceError("ResourceAlreadyExistsException", f"Rule {rule.name} already exists.")
    check_rule_quotas(context, bus, rule, text)


def _put_rule(context: Context, bus: BusEntry, archive: Archive) -> None:
    """Create or restore the managed rule of an archive (fidelity 6.2; captured)."""
    name = _rule_name(archive.name)
    rule_arn = arn.rule_arn(context.region, context.account, bus.name, name)
    target_arn = f"arn:{arn.partition_of(context.region)}:events:{context.region}:::"
    key = uuid_from(context.random(archive.arn, "archive key"))
    template = (
        f'{{"archive-arn": "{archive.arn}:{key}",'
        '"event": <aws.events.event.json>,'
        '"ingestion-time": <aws.events.event.ingestion-time>}'
    )
    given: dict[str, Any] = {
        "Id": name,
        "Arn": target_arn,
        "InputTransformer": {"InputPathsMap": {}, "InputTemplate": template},
    }
    old = _rule_of(bus, archive)
    targets = old.targets if old is not None else ()
    rule = Rule(
        arn=rule_arn,
        name=name,
        bus_arn=bus.arn,
        state="ENABLED",
        created_by=context.account,
        event_pattern=_combined(archive.event_pattern),
        managed_by=MANAGED_BY,
        targets=targets or (Target(rule_arn, name, name, target_arn, given),),
        archive_arn=archive.arn,
    )
    bus.rule_tags.setdefault(name, {})
    replace_rule(context, bus, rule)


def _combined(text: str | None) -> str:
    """The pattern of the rule: that of the archive with one more field, in compact JSON (captured)."""
    if text is None:
        return f"{{{_NOT_REPLAYED}}}"
    compact = _TEXT_OR_SPACE.sub(r"\1", text)
    return f"{{{_NOT_REPLAYED},{compact[1:]}"


def _updated(request: Request, name: str, old: str | None) -> str | None:
    """A text after an update: the old one if none is given, None if an empty one is."""
    given: str | None = request.get(name)
    return old if given is None else given or None


def _state(context: Context, archive: Archive) -> str:
    rule = _rule_of(bus_at(context, archive.bus_arn), archive)
    return "ENABLED" if rule is not None and rule.targets else "DISABLED"


def _answer(context: Context, archive: Archive) -> Response:
    """The answer of CreateArchive and UpdateArchive (recorded), with the time of creation."""
    return {
        "ArchiveArn": archive.arn,
        "State": _state(context, archive),
        "CreationTime": archive.created_us // 1_000_000,
    }


def _listed(context: Context, entry: ArchiveEntry) -> Response:
    """An archive as lists show it (recorded). Times are whole epoch seconds (captured)."""
    archive = entry.archive
    state = _state(context, archive)
    answer: Response = {
        "ArchiveName": archive.name,
        "EventSourceArn": archive.bus_arn,
        "State": state,
    }
    if state == "DISABLED":
        answer["StateReason"] = FORCED
    return answer | {
        "RetentionDays": archive.retention_days,
        "SizeBytes": entry.size_bytes,
        "EventCount": entry.events,
        "CreationTime": archive.created_us // 1_000_000,
    }
