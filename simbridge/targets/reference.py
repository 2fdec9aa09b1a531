"""The catalogue of targets for the documentation: the generated parts of `docs/reference/targets.md`.

Two tables are made of the tables of the code (`kinds`, `failures`), and one example for each kind
shows a target and its request, which is worked out like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simbridge.base.json import to_text
from simbridge.languages import transform
from simbridge.model import arn as arns
from simbridge.targets.failures import FAILURES
from simbridge.targets.kinds import KINDS, TargetKind, request
from simbridge.targets.sending import Request, Sending

__all__ = [
    "EXAMPLES",
    "RULE_ARN",
    "SAMPLE",
    "example_request",
    "example_target",
    "examples",
    "failures",
    "kinds",
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


def kinds() -> str:
    """The table of kinds."""
    head = ["kind", "ARN", "RoleArn", "parameters", "input forms", "default", "payload, bytes"]
    head.append("of another account")
    return _table(head, [_kind(kind) for kind in KINDS])


def failures() -> str:
    """The table of failures that need no attempt."""
    rows = [
        [row.when, row.error, f"`{row.text.replace('{{', '{').replace('}}', '}')}`"]
        for row in FAILURES.values()
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
        "if its policy allows" if kind.role == "setting" else _abroad[kind.cross_account],
    ]


_abroad = {True: "with a role", False: "no"}


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _json(value: Mapping[str, Any]) -> str:
    return f"```json\n{to_text(value, indent=2)}\n```\n"
