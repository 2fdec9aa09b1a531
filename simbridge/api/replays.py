"""Replays: start, cancel, describe, list.

A replay runs in the data plane (`actors/replay`) and reports its state. The operations here check a
request, start a replay, stop it and show its last report. A replay cannot be deleted. Some time after its
end AWS forgets it and its name is free again; each operation checks that when it is called.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CancelReplay.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeReplay.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListReplays.html>
"""

from __future__ import annotations

import math

from simbridge.api import pagination
from simbridge.api.archives import one_filter
from simbridge.api.errors import invalid, limit_exceeded, no_rule
from simbridge.api.lookup import (
    current_replays,
    find_archive_by_arn,
    find_bus_by_arn,
    find_replay,
)
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.store import BusEntry, ReplayEntry
from simbridge.base.clock import SECOND
from simbridge.base.errors import ServiceError
from simbridge.model import arn
from simbridge.model.messages import Configure
from simbridge.model.resources import Archive, Replay
from simbridge.model.state_messages import Stop

__all__ = ["cancel_replay", "describe_replay", "list_replays", "start_replay"]

_UNDER_WAY = ("STARTING", "RUNNING")


@operation
def start_replay(context: Context, request: Request) -> Response:
    """Start to put archived events on their bus again. Errors (fidelity 6.4).

    That the window is checked first is known of emulators only; the rest is checked in the order of the
    API reference.
    """
    name, destination = request["ReplayName"], request["Destination"]
    start_us, end_us = _seconds(request["EventStartTime"]), _seconds(request["EventEndTime"])
    if start_us >= end_us:
        raise invalid(
            "Parameter EventEndTime is not valid. "
            "Reason: EventStartTime must be before EventEndTime."
        )
    archive = find_archive_by_arn(context, request["EventSourceArn"])
    bus = _destination(context, destination["Arn"], archive)
    filters = tuple(destination.get("FilterArns") or ())
    for rule_arn in filters:
        _check_filter(bus, rule_arn)
    replays = current_replays(context)
    if name in replays:
        raise ServiceError("ResourceAlreadyExistsException", f"Replay {name} already exists.")
    under_way = sum(entry.state in _UNDER_WAY for entry in replays.values())
    if under_way >= context.limits["concurrent_replays"]:
        raise limit_exceeded()
    replay = Replay(
        arn=arn.replay_arn(context.region, context.account, name),
        name=name,
        archive_arn=archive.arn,
        bus_arn=bus.arn,
        start_us=start_us,
        end_us=end_us,
        started_us=context.now,
        description=request.get("Description") or None,
        filter_arns=filters,
    )
    context.store.replays[name] = entry = ReplayEntry(replay)
    context.send(replay.arn, Configure(replay))
    return _state(entry) | {"ReplayStartTime": context.now // SECOND}


@operation
def cancel_replay(context: Context, request: Request) -> Response:
    """Stop a replay; the events that it has put remain. Errors (fidelity 6.6)."""
    entry = find_replay(context, request["ReplayName"])
    if entry.state not in _UNDER_WAY:
        raise ServiceError(
            "IllegalStatusException",
            f"Replay {entry.replay.name} is not in a valid state for this operation.",
        )
    entry.state = "CANCELLING"
    context.send(entry.replay.arn, Stop("CANCELLED"))
    return _state(entry)


@operation
def describe_replay(context: Context, request: Request) -> Response:
    """Describe a replay, with the state that it reported last (recorded)."""
    entry = find_replay(context, request["ReplayName"])
    replay = entry.replay
    destination: Response = {"Arn": replay.bus_arn}
    if replay.filter_arns:
        destination["FilterArns"] = list(replay.filter_arns)
    answer = {"ReplayArn": replay.arn, "Destination": destination} | _listed(entry)
    if replay.description is not None:
        answer["Description"] = replay.description
    return answer


@operation
def list_replays(context: Context, request: Request) -> Response:
    """List the replays of the account in this region, sorted by name."""
    one_filter("ListReplays", request)
    prefix, state = request.get("NamePrefix"), request.get("State")
    archive_arn = request.get("EventSourceArn")
    found, more = pagination.page(
        "ListReplays",
        request,
        (
            (name, _listed(entry))
            for name, entry in pagination.named(current_replays(context), prefix)
            if state in (None, entry.state) and archive_arn in (None, entry.replay.archive_arn)
        ),
        context.limits["list_page"],
    )
    return {"Replays": found} | more


def _seconds(given: float) -> int:
    """A time of a request, in microseconds. Replays use whole seconds (captured)."""
    return math.floor(given) * SECOND


def _destination(context: Context, text: str, archive: Archive) -> BusEntry:
    """The bus to replay to. It must be the bus of the archive (recorded)."""
    bus = find_bus_by_arn(context, text, "Destination.Arn")
    if bus.arn != archive.bus_arn:
        raise invalid(
            "Parameter Destination.Arn is not valid. "
            "Reason: Cross event bus replay is not permitted."
        )
    return bus


def _check_filter(bus: BusEntry, rule_arn: str) -> None:
    """Raise ResourceNotFoundException for a rule that does not exist (captured)."""
    name = rule_arn.rpartition("/")[2]
    if name not in bus.rules or bus.rules[name].arn != rule_arn:
        raise no_rule(name, bus.name)


def _state(entry: ReplayEntry) -> Response:
    answer = {"ReplayArn": entry.replay.arn, "State": entry.state}
    return answer | ({"StateReason": entry.reason} if entry.reason is not None else {})


def _listed(entry: ReplayEntry) -> Response:
    """A replay as lists show it (recorded). Times are whole epoch seconds (captured)."""
    replay = entry.replay
    answer = {
        "ReplayName": replay.name,
        "EventSourceArn": replay.archive_arn,
        "State": entry.state,
        "StateReason": entry.reason,
        "EventStartTime": replay.start_us // SECOND,
        "EventEndTime": replay.end_us // SECOND,
        "ReplayStartTime": replay.started_us // SECOND,
    }
    if entry.last_replayed_us is not None:
        answer["EventLastReplayedTime"] = entry.last_replayed_us // SECOND
    if entry.ended_us is not None:
        answer["ReplayEndTime"] = entry.ended_us // SECOND
    return {name: value for name, value in answer.items() if value is not None}
