"""Global endpoints: create, describe, list, update, delete.

A global endpoint routes PutEvents to one of two event buses, which have the same name and account and are
in different regions (`api/routing`). Its home is the region in which it is created, its primary one. A
change takes a while (`actors/endpoint`), and until then another change is refused.

With replication, each of the two buses has a managed rule that sends every custom event that was put in its
own region to the other bus. A copy keeps the region of its origin, so it is not sent back. The name of the
rule begins as on AWS (public reports); what follows, its pattern and its owner are not known.

If an event bus does not exist, the change fails (CREATE_FAILED, UPDATE_FAILED). Health checks are not looked
up: one that no scenario has switched is healthy.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEndpoint.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEndpoint.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEndpoint.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEndpoints.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEndpoint.html>
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from simbridge.api import pagination
from simbridge.api.arn_checks import check_role
from simbridge.api.errors import invalid, limit_exceeded
from simbridge.api.lookup import bus_at, find_endpoint
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.api.rules import check_rule_quotas, replace_rule
from simbridge.api.store import BusEntry
from simbridge.base import json
from simbridge.base.errors import ServiceError
from simbridge.model import arn as arns
from simbridge.model.messages import Configure, Retire
from simbridge.model.resources import Endpoint, Rule, Target

__all__ = [
    "create_endpoint",
    "delete_endpoint",
    "describe_endpoint",
    "list_endpoints",
    "update_endpoint",
]

MANAGED_BY = "events.amazonaws.com"
"""The owner of the rules that replicate; the one on AWS is not known."""

_CHANGING = ("CREATING", "UPDATING", "DELETING")
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_ID_LENGTH = 10


@operation
def create_endpoint(context: Context, request: Request) -> Response:
    """Create a global endpoint, whose primary region is the one called. Errors (fidelity 10.1, 13.1)."""
    name = request["Name"]
    if name in context.store.endpoints:
        raise ServiceError("ResourceAlreadyExistsException", f"Endpoint {name} already exists.")
    if len(context.store.endpoints) >= context.limits["endpoints"]:
        raise limit_exceeded()
    arn = arns.endpoint_arn(context.region, context.account, name)
    endpoint_id = _new_id(context, arn)
    suffix = arns.dns_suffix(arns.partition_of(context.region))
    endpoint = _configured(
        context,
        request,
        Endpoint(
            arn=arn,
            name=name,
            id=endpoint_id,
            url=f"https://{endpoint_id}.endpoint.events.{suffix}",
            primary=context.region,
            secondary="",
            bus_arns=("", ""),
            health_check="",
            replicates=True,
            created_us=context.now,
            modified_us=context.now,
            state="CREATING",
        ),
    )
    _begin_change(context, endpoint)
    answer = _settings(endpoint)
    return {name: answer[name] for name in answer if name not in ("EndpointId", "EndpointUrl")}


@operation
def update_endpoint(context: Context, request: Request) -> Response:
    """Change a global endpoint; what the request leaves out is kept. Errors (fidelity 13.1).

    A change that fails leaves it as it was.
    """
    old = _unchanging(context, request["Name"])
    changing = msgspec.structs.replace(old, state="UPDATING", reason=None, modified_us=context.now)
    endpoint = _configured(context, request, changing)
    if endpoint.failure is not None:  # it stays as it was
        endpoint = msgspec.structs.replace(changing, failure=endpoint.failure)
    else:
        _remove_rules(context, old, but_on=endpoint.bus_arns if endpoint.replicates else ())
    _begin_change(context, endpoint)
    return _settings(endpoint)


@operation
def delete_endpoint(context: Context, request: Request) -> Response:
    """Delete a global endpoint and the rules by which it replicates. Errors (fidelity 13.1)."""
    old = _unchanging(context, request["Name"])
    _remove_rules(context, old)
    gone = msgspec.structs.replace(old, state="DELETING", reason=None, failure=None)
    context.store.endpoints[old.name] = gone
    context.send(gone.arn, Configure(gone))
    return {}


@operation
def describe_endpoint(context: Context, request: Request) -> Response:
    """Describe a global endpoint of the region called, or of `HomeRegion`."""
    return _described(find_endpoint(context, request["Name"], request.get("HomeRegion")))


@operation
def list_endpoints(context: Context, request: Request) -> Response:
    """List the account's global endpoints of the region called, or of `HomeRegion`, sorted by name."""
    home = request.get("HomeRegion") or context.region
    store = context.plane.stores.get((context.account, home))
    query = {name: value for name, value in request.items() if name != "MaxResults"}
    found, more = pagination.page(
        "ListEndpoints",
        query | {"Limit": request.get("MaxResults")},
        pagination.named(store.endpoints if store else {}, request.get("NamePrefix")),
        context.limits["list_page"],
    )
    return {"Endpoints": [_described(endpoint) for endpoint in found]} | more


def _new_id(context: Context, arn: str) -> str:
    """The id of a new endpoint, which is the first label of its host name."""
    letters = context.random(arn, "endpoint id").choices(_ID_LETTERS, k=_ID_LENGTH)
    return f"{''.join(letters)}.veo"


def _unchanging(context: Context, name: str) -> Endpoint:
    """The endpoint to change. Raises ConcurrentModificationException while another change is in progress."""
    endpoint = find_endpoint(context, name)
    if endpoint.state in _CHANGING:
        raise ServiceError(
            "ConcurrentModificationException", f"Endpoint {name} was modified concurrently."
        )
    return endpoint


def _configured(context: Context, request: Request, old: Endpoint) -> Endpoint:
    """The endpoint with what the request says. Raises ValidationException for what cannot be (lint)."""
    routing = (request.get("RoutingConfig") or {}).get("FailoverConfig")
    buses, replication = request.get("EventBuses"), request.get("ReplicationConfig") or {}
    endpoint = msgspec.structs.replace(
        old,
        health_check=routing["Primary"]["HealthCheck"] if routing else old.health_check,
        secondary=routing["Secondary"]["Route"] if routing else old.secondary,
        bus_arns=tuple(bus["EventBusArn"] for bus in buses) if buses else old.bus_arns,
        role_arn=request.get("RoleArn") or old.role_arn,
        description=old.description
        if request.get("Description") is None
        else request["Description"],
    )
    if state := replication.get("State"):
        endpoint = msgspec.structs.replace(endpoint, replicates=state == "ENABLED")
    _check_buses(context, endpoint)
    if endpoint.replicates and endpoint.role_arn is None:
        raise invalid("When replication is enabled, role cannot be empty.")
    if endpoint.role_arn is not None:
        check_role(endpoint.role_arn, context.account)
    missing = [arn for arn in endpoint.bus_arns if bus_at(context, arn) is None]
    failure = f"Event bus {missing[0]} does not exist." if missing else None
    endpoint = msgspec.structs.replace(endpoint, failure=failure)
    for here, bus, rule in _managed_rules(context, endpoint):
        check_rule_quotas(here, bus, bus.rules.get(rule.name), rule.event_pattern)
    return endpoint


def _check_buses(context: Context, endpoint: Endpoint) -> None:
    """Raise ValidationException unless there is one bus in each region, of one name and this account."""
    named = [arns.parse(arn) for arn in endpoint.bus_arns]
    regions = sorted(arn.region for arn in named)
    owned = all(arn.account == context.account for arn in named)
    wanted = sorted((endpoint.primary, endpoint.secondary))
    if regions != wanted or wanted[0] == wanted[1] or not owned:
        raise invalid("An event bus must be provided in both the primary and secondary regions")
    if named[0].resource != named[1].resource:
        raise invalid("Event bus names must match in the primary and secondary regions")


def _begin_change(context: Context, endpoint: Endpoint) -> None:
    """Store the endpoint, create the rules by which it replicates, and let the change take its time."""
    context.store.endpoints[endpoint.name] = endpoint
    for here, bus, rule in _managed_rules(context, endpoint):
        bus.rule_tags.setdefault(rule.name, {})
        replace_rule(here, bus, rule)
    context.send(endpoint.arn, Configure(endpoint))


def _managed_rules(
    context: Context, endpoint: Endpoint
) -> Iterator[tuple[Context, BusEntry, Rule]]:
    """The rules that copy events to the other region, each with its bus and a context of its region
    (fidelity 13.2)."""
    if not endpoint.replicates or endpoint.failure is not None:
        return
    name = _rule_name(endpoint)
    for bus_arn in endpoint.bus_arns:
        bus = bus_at(context, bus_arn)
        assert bus is not None
        region = arns.parse(bus_arn).region
        rule_arn = arns.rule_arn(region, context.account, bus.name, name)
        other = endpoint.bus_arn(endpoint.other_region(region))
        given: dict[str, Any] = {"Id": name, "Arn": other, "RoleArn": endpoint.role_arn}
        pattern = {"source": [{"anything-but": {"prefix": "aws."}}], "region": [region]}
        rule = Rule(
            arn=rule_arn,
            name=name,
            bus_arn=bus_arn,
            state="ENABLED",
            created_by=context.account,
            event_pattern=json.encode(pattern).decode(),
            managed_by=MANAGED_BY,
            targets=(Target(rule_arn, name, name, other, given, endpoint.arn),),
        )
        here = replace(context, store=context.plane.store(context.account, region))
        yield here, bus, rule


def _remove_rules(context: Context, endpoint: Endpoint, but_on: Collection[str] = ()) -> None:
    """Remove the rules by which an endpoint replicates, except those on some event buses."""
    name = _rule_name(endpoint)
    for bus_arn in endpoint.bus_arns:
        if bus_arn in but_on:
            continue
        bus = bus_at(context, bus_arn)
        rule = bus.rules.pop(name, None) if bus is not None else None
        if bus is not None and rule is not None:
            bus.rule_tags.pop(name, None)
            context.send(bus_arn, Retire(rule.arn))


def _rule_name(endpoint: Endpoint) -> str:
    return f"GlobalEndpointManagedRule-{endpoint.id.partition('.')[0]}"


def _settings(endpoint: Endpoint) -> Response:
    """What the answers of all operations have; what is not set is left out."""
    answer = {
        "Name": endpoint.name,
        "Arn": endpoint.arn,
        "RoutingConfig": {
            "FailoverConfig": {
                "Primary": {"HealthCheck": endpoint.health_check},
                "Secondary": {"Route": endpoint.secondary},
            }
        },
        "ReplicationConfig": {"State": "ENABLED" if endpoint.replicates else "DISABLED"},
        "EventBuses": [{"EventBusArn": bus_arn} for bus_arn in endpoint.bus_arns],
        "RoleArn": endpoint.role_arn,
        "EndpointId": endpoint.id,
        "EndpointUrl": endpoint.url,
        "State": endpoint.state,
    }
    return {name: value for name, value in answer.items() if value is not None}


def _described(endpoint: Endpoint) -> Response:
    """An endpoint as DescribeEndpoint and lists show it. Times are epoch seconds with milliseconds."""
    more = {"Description": endpoint.description, "StateReason": endpoint.reason}
    return (
        _settings(endpoint)
        | {name: value for name, value in more.items() if value is not None}
        | {
            "CreationTime": endpoint.created_us // 1000 / 1000,
            "LastModifiedTime": endpoint.modified_us // 1000 / 1000,
        }
    )
