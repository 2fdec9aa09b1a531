"""Tags: add, remove and list those of event buses and rules.

A request carries tags as a list of keys and values. The store keeps them as a dict: a new key goes to
the end, and a key that gets another value keeps its place (captured). Tags are deleted with their
resource; PutRule ignores those of a request that changes an existing rule (captured).

A further kind of resource with tags is one more row of `_TAGGABLE`.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UntagResource.html>,
<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTagsForResource.html>
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from simbridge.api.arn_checks import read_arn
from simbridge.api.errors import invalid, limit_exceeded, malformed_arn, no_rule
from simbridge.api.lookup import find_bus, find_rule
from simbridge.api.plane import Context, Request, Response, operation
from simbridge.base.errors import ServiceError
from simbridge.model import arn

__all__ = ["list_tags_for_resource", "read_tags", "tag_resource", "untag_resource"]

_LIST = "ListTagsForResource"


@operation
def tag_resource(context: Context, request: Request) -> Response:
    """Add tags to a resource, or change the values of existing keys. Errors (fidelity 11.7)."""
    tags = _find_tags(context, request["ResourceARN"], "TagResource")
    tags |= read_tags(context, request["Tags"], tags)
    return {}


@operation
def untag_resource(context: Context, request: Request) -> Response:
    """Remove tags from a resource by their keys. A missing key is ignored (recorded).

    Errors (fidelity 11.7).
    """
    tags = _find_tags(context, request["ResourceARN"], "UntagResource")
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


@operation
def list_tags_for_resource(context: Context, request: Request) -> Response:
    """List the tags of a resource, in the order in which their keys were added (recorded, captured).

    Errors (fidelity 11.7).
    """
    tags = _find_tags(context, request["ResourceARN"], _LIST)
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def read_tags(
    context: Context,
    given: Sequence[Mapping[str, str]] | None,
    present: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The tags of a request as a dict; if a key is given twice, the last value counts.

    `present` are the tags that the resource has already. Raises ValidationException for a reserved
    key, and LimitExceededException if the resource would have more than `tags_per_resource`.
    """
    tags = {tag["Key"]: tag["Value"] for tag in given or ()}
    if any(key.lower().startswith("aws:") for key in tags):
        # The prefix is reserved (quotas page); the words are those of other AWS services.
        raise invalid("aws: prefixed tag key names are not allowed for external use.")
    if len({**(present or {}), **tags}) > context.limits["tags_per_resource"]:
        raise limit_exceeded()
    return tags


def _find_tags(context: Context, text: str, operation_name: str) -> dict[str, str]:
    """The tags in the store of the resource with this ARN, for the caller to read or change.

    AWS's answer for a resource that has no tags is not known. Its ARN is refused as a malformed one.
    """
    address = read_arn(text)
    kind, _, path = address.resource.partition("/")
    find = _TAGGABLE.get(kind) if address.service == "events" else None
    if find is None or not path:
        raise malformed_arn(text)
    return find(context, text, operation_name)


def _tags_of_bus(context: Context, text: str, operation_name: str) -> dict[str, str]:
    return find_bus(context, text, operation_name).tags


def _tags_of_rule(context: Context, text: str, operation_name: str) -> dict[str, str]:
    """The tags of a rule. Those of a rule that AWS manages can only be listed (captured)."""
    address = arn.parse(text)
    path = address.resource.removeprefix("rule/")
    bus_name, _, name = path.rpartition("/")
    bus_arn = arn.event_bus_arn(address.region, address.account, bus_name or "default")
    bus, rule = find_rule(context, bus_arn, name, operation_name)
    if rule.arn != text:  # of another partition, or `rule/default/NAME`
        raise no_rule(name, bus.name)
    if rule.managed_by is not None and operation_name != _LIST:
        raise ServiceError(
            "ManagedRuleException",
            f"Tag related operations on the managed rule {name} is not allowed.",
        )
    return bus.rule_tags[name]


_TAGGABLE: dict[str, Callable[[Context, str, str], dict[str, str]]] = {
    "event-bus": _tags_of_bus,
    "rule": _tags_of_rule,
}
"""How to find the tags of a resource, by the first word in the resource part of its ARN."""
