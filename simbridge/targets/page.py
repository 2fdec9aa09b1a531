"""The catalogue of targets as a page of the documentation: `docs/reference/targets.md`.

The page is made of the tables (`kinds`, `failures`) and of one example for each kind, whose request
is worked out like any other. To write it anew:

    python -m simbridge.targets.page > docs/reference/targets.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from simbridge import arn as arns
from simbridge import transform
from simbridge.targets.failures import FAILURES
from simbridge.targets.kinds import KINDS, TargetKind, request
from simbridge.targets.sending import Request, Sending

__all__ = ["EXAMPLES", "SAMPLE", "example_request", "example_target", "page"]

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
_TASK = "arn:aws:ecs:us-east-1:123456789012:task-definition/pack:3"

# For each kind, the resource part of an ARN and what else a target of this kind may have.
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "Lambda function": ("function:pay", {"InputPath": "$.detail"}),
    "SNS topic": ("orders", {"Input": '"an order was placed"'}),
    "SQS FIFO queue": ("orders.fifo", {"SqsParameters": {"MessageGroupId": "orders"}}),
    "SQS queue": ("orders", {"InputPath": "$.detail.customer"}),
    "CloudWatch Logs group": (
        "log-group:/aws/events/orders",
        {
            "InputTransformer": {
                "InputPathsMap": {"time": "$.time", "order": "$.detail.order"},
                "InputTemplate": '{"timestamp": <time>, "message": "order <order>"}',
            }
        },
    ),
    "Kinesis stream": (
        "stream/orders",
        {"KinesisParameters": {"PartitionKeyPath": "$.detail.customer"}, "InputPath": "$.detail"},
    ),
    "Firehose stream": ("deliverystream/orders", {"InputPath": "$.detail"}),
    "Step Functions state machine": ("stateMachine:ship", {"InputPath": "$.detail"}),
    "ECS cluster": (
        "cluster/warehouse",
        {
            "EcsParameters": {
                "TaskDefinitionArn": _TASK,
                "TaskCount": 2,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}},
                "Group": "$.source",
            },
            "InputTransformer": {
                "InputPathsMap": {"order": "$.detail.order"},
                "InputTemplate": '{"containerOverrides": [{"name": "pack", "command": ["<order>"]}]}',
            },
        },
    ),
    "Batch queue": (
        "job-queue/nightly",
        {
            "BatchParameters": {
                "JobDefinition": "bill:1",
                "JobName": "bill",
                "RetryStrategy": {"Attempts": 3},
            },
            "InputTransformer": {
                "InputPathsMap": {"order": "$.detail.order"},
                "InputTemplate": '{"Parameters": {"order": "<order>"}}',
            },
        },
    ),
    "CodeBuild project": ("project/site", {"Input": '{"sourceVersion": "main"}'}),
    "CodePipeline pipeline": ("release", {}),
    "SSM Run Command": (
        "document/AWS-RunShellScript",
        {
            "RunCommandParameters": {
                "RunCommandTargets": [{"Key": "tag:role", "Values": ["printer"]}]
            },
            "Input": '{"commands": ["print-label"]}',
        },
    ),
    "SSM Automation": (
        "automation-definition/Restart:$DEFAULT",
        {"Input": '{"InstanceId": ["i-1"]}'},
    ),
    "SSM OpsItem": ("opsitem", {"Input": '{"title": "Look at the shop", "severity": "2"}'}),
    "Incident Manager plan": ("response-plan/shop", {"InputPath": "$.detail"}),
    "Inspector template": ("target/0-a1/template/0-b2", {}),
    "Redshift cluster": (
        "cluster:stock",
        {
            "RedshiftDataParameters": {
                "Database": "shop",
                "DbUser": "events",
                "Sql": "call refresh()",
                "StatementName": "$.detail-type",
            }
        },
    ),
    "Redshift workgroup": (
        "workgroup/stock",
        {"RedshiftDataParameters": {"Database": "shop", "Sqls": ["call a()", "call b()"]}},
    ),
    "SageMaker pipeline": (
        "pipeline/forecast",
        {
            "SageMakerPipelineParameters": {
                "PipelineParameterList": [{"Name": "Order", "Value": "$.detail.order"}]
            }
        },
    ),
    "AppSync API": (
        "endpoints/graphql-api/abc",
        {
            "AppSyncParameters": {
                "GraphQLOperation": "mutation M($order: Int) { m(order: $order) }"
            },
            "InputPath": "$.detail",
        },
    ),
    "Glue workflow": ("workflow/load", {"InputPath": "$.detail"}),
    "Image Builder pipeline": ("image-pipeline/base", {}),
    "API Gateway API": (
        "a1b2c3/prod/POST/orders/*",
        {
            "HttpParameters": {
                "PathParameterValues": ["$.detail.customer"],
                "HeaderParameters": {"X-Order": "$.detail.order"},
                "QueryStringParameters": {"from": "events"},
            },
            "InputPath": "$.detail",
        },
    ),
    "API destination": (
        "api-destination/partner/9b6f8f9e-1c0e-4b0a-9f55-2a9df4b4a7c1",
        {"HttpParameters": {"PathParameterValues": ["$.detail.order"]}, "InputPath": "$.detail"},
    ),
    "event bus": ("event-bus/audit", {}),
}


def example_target(kind: TargetKind) -> dict[str, Any]:
    """The example of a kind as PutTargets takes it."""
    resource, rest = EXAMPLES[kind.name]
    region = "" if kind.service == "ssm-incidents" else "us-east-1"
    target = {"Id": "t", "Arn": f"arn:aws:{kind.service}:{region}:123456789012:{resource}"}
    if kind.role in ("required", "setting"):
        target["RoleArn"] = _ROLE_ARN
    return target | rest


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


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Targets\n"
    yield "This page is written by `python -m simbridge.targets.page`; a test keeps it current.\n"
    yield "A stand-in shows what it was sent in three ways: `messages` are the payloads as text,"
    yield "`received` the same as Python values, and `requests` the calls of its service's API."
    yield "Calls are worked out when you ask for them.\n"
    yield "## Kinds\n"
    yield "Words in capitals stand for names, brackets for what may be left out."
    yield "*Default* is what a target gets that names no input."
    yield "*Input forms*: which of Input, InputPath and InputTransformer PutTargets takes.\n"
    yield "| Kind | ARN | RoleArn | Parameters | Input forms | Default | Payload, bytes |"
    yield "|---|---|---|---|---|---|---:|"
    for kind in KINDS:
        cells = (
            kind.name,
            f"`{kind.service}` `{kind.form}`",
            _role(kind),
            _block(kind),
            "any" if len(kind.inputs) == 3 else ", ".join(kind.inputs) or "none",
            kind.default,
            f"{kind.payload_bytes_max:,}" if kind.payload_bytes_max else "-",
        )
        yield f"| {' | '.join(cells)} |"
    yield "\nThe payload bounds are the services' own; a longer payload fails with INVALID_PARAMETER.\n"
    yield "## Values from the event\n"
    yield "A text in EcsParameters, HttpParameters (keys excepted), RedshiftDataParameters or"
    yield "SageMakerPipelineParameters may be one whole path, such as `$.detail.order`."
    yield "It is looked up in the event itself, never in the transformed input."
    yield "A string goes in as it is, anything else as JSON, and nothing found as an empty text.\n"
    yield "## Deliveries that fail without an attempt\n"
    yield "AWS documents neither code nor text of these; the code is our choice."
    yield "None is retried; the dead letter carries the code and the text.\n"
    yield "| When | ERROR_CODE | ERROR_MESSAGE |"
    yield "|---|---|---|"
    for row in FAILURES.values():
        text = row.text.replace("{{", "{").replace("}}", "}")
        yield f"| {row.when} | {row.error} | `{text}` |"
    yield "\nA FIFO queue without content-based deduplication is the exception: it refuses the attempt.\n"
    yield "## Examples\n"
    yield "Each shows a target and the request that it makes of this event:\n"
    yield _json(SAMPLE)
    for kind in KINDS:
        yield f"\n### {kind.name}\n"
        yield _json(example_target(kind))
        yield ""
        yield _json(example_request(kind))
    yield ""


def _role(kind: TargetKind) -> str:
    return "limit `bus_target_role_required`" if kind.role == "setting" else kind.role


def _block(kind: TargetKind) -> str:
    if kind.block is None:
        return "-"
    return f"{kind.block}{', required' if kind.block_required else ''}"


def _json(value: Mapping[str, Any]) -> str:
    return f"```json\n{json.dumps(value, indent=2)}\n```"


if __name__ == "__main__":
    print(page(), end="")
