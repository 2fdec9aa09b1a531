"""What each kind of target receives, from the real client to the stand-in, written out by hand."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.model import arn as arns
from simbridge.targets import KINDS, Sending, failure, kind_of, request

ROLE = "arn:aws:iam::123456789012:role/r"
RULE = "arn:aws:events:us-east-1:123456789012:rule/orders"
DETAIL = {
    "order": 7,
    "price": 1.5,
    "paid": True,
    "none": None,
    "name": "c/1 ä",
    "lines": [{"sku": "x"}],
    "task": "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1",
    "control": "a\r\nHost: b",
    "long": "k" * 255,
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

ECS = {"TaskDefinitionArn": DETAIL["task"]}
BATCH = {"JobDefinition": "d:1", "JobName": "j"}
COMMAND = {"RunCommandTargets": [{"Key": "InstanceIds", "Values": ["i-1", "i-2"]}]}
STATEMENT = {"Database": "db", "Sql": "select 1"}
GRAPHQL = {"GraphQLOperation": "query Q { q }"}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


def deliver(service: str, resource: str, fields: dict[str, Any], **entry: Any) -> sb.World:
    """One event for one such target, whose dead letters go to the queue `dead`."""
    world = sb.World(seed=7, start="2026-03-01T00:00:00Z")
    client = world.client()
    dead = world.queue("dead").arn
    address = world.stand_in(arn(service, resource)).arn
    client.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    role = {} if service == "logs" else {"RoleArn": ROLE}
    target = {"Id": "t", "Arn": address, "DeadLetterConfig": {"Arn": dead}, **role, **fields}
    client.put_targets(Rule="orders", Targets=[target])
    event = {"Source": "shop", "DetailType": "Order", "Detail": json.dumps(DETAIL)}
    client.put_events(Entries=[event | entry])
    world.settle()
    return world


def received(world: sb.World, service: str, resource: str) -> dict[str, Any]:
    """The one request, with the event, its id and made-up ids in it replaced by their names."""
    (request,) = world.stand_in(arn(service, resource)).requests
    (delivery,) = world.trace.deliveries(outcome="delivered")
    event = delivery.event
    text = json.dumps(event.envelope, separators=(",", ":"), ensure_ascii=False)

    def named(value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(text, "<event>").replace(event.id, "<id>")
            return UUID.sub("<uuid>", value)
        if isinstance(value, dict):
            return {key: named(inner) for key, inner in value.items()}
        return [named(inner) for inner in value] if isinstance(value, list) else value

    return named(request)


def sqs(**more: Any) -> dict[str, Any]:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/q"
    return {"Action": "SendMessage", "QueueUrl": url, "MessageBody": "<event>", **more}


def log(time: int, message: str) -> dict[str, Any]:
    return {
        "Action": "PutLogEvents",
        "logGroupName": "/aws/events/x",
        "logStreamName": "<uuid>",
        "logEvents": [{"timestamp": time, "message": message}],
    }


def template(text: str, **paths: str) -> dict[str, Any]:
    return {"InputTransformer": {"InputTemplate": text, "InputPathsMap": paths}}


def kinesis(key: str, data: str = "<event>") -> dict[str, Any]:
    return {"Action": "PutRecord", "StreamName": "s", "Data": data, "PartitionKey": key}


def keyed(path: str) -> dict[str, Any]:
    return {"KinesisParameters": {"PartitionKeyPath": path}}


def task(**more: Any) -> dict[str, Any]:
    return {
        "Action": "RunTask",
        "cluster": arn("ecs", "cluster/c"),
        "taskDefinition": DETAIL["task"],
        "count": 1,
        "startedBy": "events-rule/orders",
        **more,
    }


def job(**more: Any) -> dict[str, Any]:
    queue = arn("batch", "job-queue/q")
    return {
        "Action": "SubmitJob",
        "jobQueue": queue,
        "jobName": "j",
        "jobDefinition": "d:1",
        **more,
    }


def http(path: str, body: str = "<event>", method: str = "POST", **more: Any) -> dict[str, Any]:
    return {
        "Action": "Invoke",
        "Method": method,
        "Host": "a.execute-api.us-east-1.amazonaws.com",
        "Path": path,
        "Headers": {
            "Content-Type": "application/json",
            "X-Amz-Source-Arn": RULE,
            "X-Amz-Source-Account": "123456789012",
            **more.pop("headers", {}),
        },
        "QueryStringParameters": more.pop("query", {}),
        "Body": body,
    }


MARCH = 1_772_323_200_000
TRACE = "Root=1-01234567-0123456789abcdef01234567"

CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "function": (
        "lambda",
        "function:f:live",
        {},
        {
            "Action": "Invoke",
            "FunctionName": arn("lambda", "function:f:live"),
            "InvocationType": "Event",
            "Payload": "<event>",
        },
    ),
    "function, template": (
        "lambda",
        "function:f",
        template('"order <o>"', o="$.detail.order"),
        {
            "Action": "Invoke",
            "FunctionName": arn("lambda", "function:f"),
            "InvocationType": "Event",
            "Payload": '"order 7"',
        },
    ),
    "topic": (
        "sns",
        "t",
        {"InputPath": "$.detail.name"},
        {"Action": "Publish", "TopicArn": arn("sns", "t"), "Message": '"c/1 ä"'},
    ),
    "queue": ("sqs", "q", {}, sqs()),
    "queue, input byte for byte": ("sqs", "q", {"Input": " 1.50 "}, sqs(MessageBody=" 1.50 ")),
    "fair queue": (
        "sqs",
        "q",
        {"SqsParameters": {"MessageGroupId": "g"}},
        sqs(MessageGroupId="g"),
    ),
    "FIFO queue, group id as it is": (
        "sqs",
        "q.fifo",
        {"SqsParameters": {"MessageGroupId": "$.detail.name"}},
        sqs(
            QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo",
            MessageGroupId="$.detail.name",
        ),
    ),
    "log group": ("logs", "log-group:/aws/events/x", {}, log(MARCH, "<event>")),
    "log group, ISO time and text": (  # captured
        "logs",
        "log-group:/aws/events/x",
        template('{"timestamp":<t>,"message":"order <o>"}', t="$.time", o="$.detail.order"),
        log(MARCH, "order 7"),
    ),
    "log group, milliseconds and object": (
        "logs",
        "log-group:/aws/events/x",
        template('{"message":{"o":<o>},"timestamp":17}', o="$.detail.order"),
        log(17, '{"o":7}'),
    ),
    "log group, time without a zone": (
        "logs",
        "log-group:/aws/events/x",
        template('{"timestamp":"2026-03-01T00:00:00.5","message":""}'),
        log(MARCH + 500, ""),
    ),
    "stream": ("kinesis", "stream/s", {}, kinesis("<id>_<uuid>")),
    "stream, key from the original event": (  # captured, as are the next ones
        "kinesis",
        "stream/s",
        keyed("$.detail.name") | {"Input": "{}"},
        kinesis('"c/1 ä"', "{}"),
    ),
    "stream, number": ("kinesis", "stream/s", keyed("$.detail.order"), kinesis("7")),
    "stream, boolean": ("kinesis", "stream/s", keyed("$.detail.paid"), kinesis("true")),
    "stream, array": ("kinesis", "stream/s", keyed("$.detail.lines"), kinesis('[{"sku":"x"}]')),
    "stream, null": ("kinesis", "stream/s", keyed("$.detail.none"), kinesis("{}")),
    "stream, nothing": ("kinesis", "stream/s", keyed("$.detail.nowhere"), kinesis("{}")),
    "delivery stream": (
        "firehose",
        "deliverystream/s",
        {},
        {"Action": "PutRecord", "DeliveryStreamName": "s", "Record": {"Data": "<event>"}},
    ),
    "state machine": (
        "states",
        "stateMachine:m",
        {},
        {
            "Action": "StartExecution",
            "stateMachineArn": arn("states", "stateMachine:m"),
            "name": "<id>_<uuid>",
            "input": "<event>",
        },
    ),
    "task": ("ecs", "cluster/c", {"EcsParameters": ECS}, task()),
    "task with everything": (
        "ecs",
        "cluster/c",
        {
            "EcsParameters": {
                "TaskDefinitionArn": "$.detail.task",
                "TaskCount": 3,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {
                    "awsvpcConfiguration": {
                        "Subnets": ["s-1", "$.source"],
                        "SecurityGroups": ["g"],
                        "AssignPublicIp": "ENABLED",
                    }
                },
                "PlatformVersion": "1.4.0",
                "Group": "$.detail.order",
                "CapacityProviderStrategy": [{"capacityProvider": "p", "base": 1, "weight": 2}],
                "EnableECSManagedTags": True,
                "EnableExecuteCommand": False,
                "PlacementConstraints": [{"type": "memberOf", "expression": "e"}],
                "PlacementStrategy": [{"type": "spread", "field": "f"}],
                "PropagateTags": "TASK_DEFINITION",
                "ReferenceId": "r",
                "Tags": [{"Key": "$.source", "Value": "$.detail.name"}],
            },
            "Input": '{"containerOverrides": [{"name": "c"}]}',
        },
        task(
            count=3,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": ["s-1", "shop"],
                    "securityGroups": ["g"],
                    "assignPublicIp": "ENABLED",
                }
            },
            platformVersion="1.4.0",
            group="7",
            capacityProviderStrategy=[{"capacityProvider": "p", "base": 1, "weight": 2}],
            enableECSManagedTags=True,
            enableExecuteCommand=False,
            placementConstraints=[{"type": "memberOf", "expression": "e"}],
            placementStrategy=[{"type": "spread", "field": "f"}],
            propagateTags="TASK_DEFINITION",
            referenceId="r",
            tags=[{"key": "shop", "value": "c/1 ä"}],
            overrides={"containerOverrides": [{"name": "c"}]},
        ),
    ),
    "job": ("batch", "job-queue/q", {"BatchParameters": BATCH}, job()),
    "job with everything": (
        "batch",
        "job-queue/q",
        {
            "BatchParameters": BATCH
            | {"ArrayProperties": {"Size": 2}, "RetryStrategy": {"Attempts": 10}},
            "Input": json.dumps(
                {
                    "ContainerOverrides": {"Environment": [{"Name": "A", "Value": "B"}]},
                    "DependsOn": [{"JobId": "1"}],
                    "Parameters": {"Key": "kept"},
                    "Other": "left out",
                }
            ),
        },
        job(
            arrayProperties={"size": 2},
            retryStrategy={"attempts": 10},
            containerOverrides={"environment": [{"name": "A", "value": "B"}]},
            dependsOn=[{"jobId": "1"}],
            parameters={"Key": "kept"},
        ),
    ),
    "build": ("codebuild", "project/p", {}, {"Action": "StartBuild", "projectName": "p"}),
    "build with input": (
        "codebuild",
        "project/p",
        {"Input": '{"sourceVersion": "v", "projectName": "other"}'},
        {"Action": "StartBuild", "projectName": "p", "sourceVersion": "v"},
    ),
    "pipeline": ("codepipeline", "p", {}, {"Action": "StartPipelineExecution", "name": "p"}),
    "command": (
        "ssm",
        "document/d",
        {"RunCommandParameters": COMMAND},
        {"Action": "SendCommand", "DocumentName": "d", "Targets": COMMAND["RunCommandTargets"]},
    ),
    "command with input": (
        "ssm",
        "document/d",
        {"RunCommandParameters": COMMAND, "Input": '{"commands": ["ls"]}'},
        {
            "Action": "SendCommand",
            "DocumentName": "d",
            "Targets": COMMAND["RunCommandTargets"],
            "Parameters": {"commands": ["ls"]},
        },
    ),
    "runbook": (
        "ssm",
        "automation-definition/d",
        {},
        {"Action": "StartAutomationExecution", "DocumentName": "d"},
    ),
    "runbook of a version": (
        "ssm",
        "automation-definition/d:2",
        {"Input": '{"A": ["b"]}'},
        {
            "Action": "StartAutomationExecution",
            "DocumentName": "d",
            "DocumentVersion": "2",
            "Parameters": {"A": ["b"]},
        },
    ),
    "OpsItem": (
        "ssm",
        "opsitem",
        {},
        {
            "Action": "CreateOpsItem",
            "Title": "Order",
            "Source": "shop",
            "Description": "<event>",
        },
    ),
    "OpsItem with input": (
        "ssm",
        "opsitem",
        {"Input": '{"title": "T", "priority": 1, "operationalData": {"k": {"value": "v"}}}'},
        {
            "Action": "CreateOpsItem",
            "Title": "T",
            "Source": "shop",
            "Description": "<event>",
            "Priority": 1,
            "OperationalData": {"k": {"value": "v"}},
        },
    ),
    "OpsItem of its own": (
        "ssm",
        "opsitem",
        {
            "Input": '{"title": "T", "description": "D", "source": "S", "category": "C", '
            '"severity": "1", "unknown": "left out"}'
        },
        {
            "Action": "CreateOpsItem",
            "Title": "T",
            "Source": "S",
            "Description": "D",
            "Category": "C",
            "Severity": "1",
        },
    ),
    "incident": (
        "ssm-incidents",
        "response-plan/p",
        {},
        {
            "Action": "StartIncident",
            "responsePlanArn": arn("ssm-incidents", "response-plan/p"),
            "triggerDetails": {
                "source": "aws.events",
                "triggerArn": RULE,
                "timestamp": "2026-03-01T00:00:00Z",
                "rawData": "<event>",
            },
        },
    ),
    "assessment": (
        "inspector",
        "target/0-a/template/0-b",
        {},
        {
            "Action": "StartAssessmentRun",
            "assessmentTemplateArn": arn("inspector", "target/0-a/template/0-b"),
        },
    ),
    "statement": (
        "redshift",
        "cluster:c",
        {
            "RedshiftDataParameters": STATEMENT
            | {"SecretManagerArn": "$.detail.task", "StatementName": "$.source", "WithEvent": True}
        },
        {
            "Action": "ExecuteStatement",
            "ClusterIdentifier": "c",
            "Database": "db",
            "Sql": "select 1",
            "SecretArn": DETAIL["task"],
            "StatementName": "shop",
            "WithEvent": True,
        },
    ),
    "statements": (
        "redshift-serverless",
        "workgroup/w",
        {"RedshiftDataParameters": {"Database": "db", "Sqls": ["a", "$.source"]}},
        {
            "Action": "BatchExecuteStatement",
            "WorkgroupName": "w",
            "Database": "db",
            "Sqls": ["a", "shop"],
        },
    ),
    "training": (
        "sagemaker",
        "pipeline/p",
        {
            "SageMakerPipelineParameters": {
                "PipelineParameterList": [
                    {"Name": "n", "Value": "$.detail.price"},
                    {"Name": "m", "Value": "$.detail.nowhere"},
                ]
            }
        },
        {
            "Action": "StartPipelineExecution",
            "PipelineName": "p",
            "PipelineParameters": [{"Name": "n", "Value": "1.5"}, {"Name": "m", "Value": ""}],
        },
    ),
    "training without parameters": (
        "sagemaker",
        "pipeline/p",
        {},
        {"Action": "StartPipelineExecution", "PipelineName": "p", "PipelineParameters": []},
    ),
    "GraphQL": (
        "appsync",
        "endpoints/graphql-api/a",
        {"AppSyncParameters": GRAPHQL, "Input": '{"v": 1}'},
        {"Action": "GraphQL", "apiId": "a", "query": "query Q { q }", "variables": {"v": 1}},
    ),
    "workflow": (
        "glue",
        "workflow/w",
        {},
        {"Action": "NotifyEvent", "WorkflowName": "w", "Event": "<event>"},
    ),
    "image": (
        "imagebuilder",
        "image-pipeline/p",
        {},
        {
            "Action": "StartImagePipelineExecution",
            "imagePipelineArn": arn("imagebuilder", "image-pipeline/p"),
        },
    ),
    "API, path": ("execute-api", "a/test/GET/x/y", {}, http("/test/x/y/", method="GET")),
    "API, root": ("execute-api", "a/test/POST/", {}, http("/test/")),  # recorded
    "API, a slash at the end": ("execute-api", "a/test/POST/x/", {}, http("/test/x/")),
    "API, stage only": ("execute-api", "a/test", {}, http("/test/")),
    "API, any method": ("execute-api", "a/test/*/x", {}, http("/test/x/")),
    "API with everything": (
        "execute-api",
        "a/test/PUT/x/*/*",
        {
            "HttpParameters": {
                "PathParameterValues": ["$.detail.name", "b c"],
                "HeaderParameters": {
                    "X-Order": "$.detail.order",
                    "content-type": "text/plain",
                    "X-Amzn-Foo": "left out",
                    "HOST": "left out",
                    "$.source": "a key stays",
                },
                "QueryStringParameters": {
                    "a": "$.detail.nowhere",
                    "b": "$.detail.lines[*].sku",
                    "$.source": "order $.detail.order",
                },
            },
            "Input": "{}",
        },
        http(
            "/test/x/c%2F1%20%C3%A4/b%20c/",
            "{}",
            "PUT",
            headers={"X-Order": "7", "content-type": "text/plain", "$.source": "a key stays"},
            query={"a": "", "b": '["x"]', "shop": "order $.detail.order"},
        ),
    ),
    "API destination": (
        "events",
        "api-destination/d/0-1",
        {
            "HttpParameters": {
                "PathParameterValues": ["$.source"],
                "HeaderParameters": {"A": "b", "User-Agent": "left out", "Authorization": "kept"},
            }
        },
        {
            "Action": "InvokeApiDestination",
            "ApiDestinationArn": arn("events", "api-destination/d/0-1"),
            "PathParameterValues": ["shop"],
            "Headers": {"A": "b", "Authorization": "kept"},
            "QueryStringParameters": {},
            "Body": "<event>",
        },
    ),
}
del CASES["API with everything"][3]["Headers"]["Content-Type"]


@pytest.mark.parametrize(("service", "resource", "fields", "request_"), CASES.values(), ids=CASES)
def test_what_a_target_receives(
    service: str, resource: str, fields: dict[str, Any], request_: dict[str, Any]
) -> None:
    """The call of the service's API, with all that the target says and the event holds."""
    world = deliver(service, resource, fields)
    assert received(world, service, resource) == request_


def sent_to(partition: str, region: str, service: str, resource: str) -> dict[str, Any]:
    """The request that such a target makes of an event."""
    target = arns.Arn(partition, service, region, "123456789012", resource)
    rule = arns.parse(arns.rule_arn(region, "123456789012", "shop", "r" * 40))
    kind = kind_of(target)
    assert kind is not None
    return request(kind, Sending(target, {"EcsParameters": ECS}, {"id": "i"}, None, rule))


def test_hosts_in_china_are_under_its_own_domain() -> None:
    """Queue URLs and API hosts end in `.cn` there, and nowhere else."""
    china, gov = ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")
    url = "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q"
    assert sent_to(*china, "sqs", "q")["QueueUrl"] == url
    host = "a.execute-api.cn-north-1.amazonaws.com.cn"
    assert sent_to(*china, "execute-api", "a/test")["Host"] == host
    assert sent_to(*gov, "sqs", "q")["QueueUrl"].startswith(
        "https://sqs.us-gov-west-1.amazonaws.com/"
    )


def test_tasks_say_which_rule_has_started_them() -> None:
    """By its name without its bus, cut to what Amazon ECS takes."""
    sent = sent_to("aws", "us-east-1", "ecs", "cluster/c")
    assert sent["startedBy"] == "events-rule/" + "r" * 24


# User guide, "API Gateway targets": these headers cannot be set.
GATEWAY_OWN = """X-Amz-Date X-Amzn-Trace-Id Authorization Connection Content-Encoding Content-Length
Host Max-Forwards TE Transfer-Encoding Trailer Upgrade Via WWW-Authenticate X-Forwarded-For"""

# User guide, "API destinations": these are removed.
DESTINATION_OWN = """A-IM Accept-Charset Accept-Datetime Accept-Encoding Cache-Control Connection
Content-Encoding Content-Length Content-MD5 Date Expect Forwarded From Host HTTP2-Settings If-Match
If-Modified-Since If-None-Match If-Range If-Unmodified-Since Max-Forwards Origin Pragma
Proxy-Authorization Range Referer TE Trailer Transfer-Encoding User-Agent Upgrade Via Warning"""


@pytest.mark.parametrize(
    ("service", "resource", "own"),
    [("execute-api", "a/test", GATEWAY_OWN), ("events", "api-destination/d/0-1", DESTINATION_OWN)],
)
def test_headers_that_a_target_cannot_set(service: str, resource: str, own: str) -> None:
    """They are left out, in whatever case they are written; names that only begin alike are kept."""
    named = {
        name: "v" for header in own.split() for name in (header, header.upper(), header.lower())
    }
    fields = {"HttpParameters": {"HeaderParameters": {**named, "Hosts": "v", "Vi": "v"}}}
    headers = received(deliver(service, resource, fields), service, resource)["Headers"]
    assert [name for name in headers if headers[name] == "v"] == ["Hosts", "Vi"]


def test_every_kind_but_the_bus_has_a_case() -> None:
    """A new row of the catalogue needs a case here; buses are real and receive the event itself."""
    covered = {
        kind.name
        for service, resource, *_ in CASES.values()
        if (kind := kind_of(arns.parse(arn(service, resource)))) is not None
    }
    assert covered == {kind.name for kind in KINDS} - {"event bus"}


LOG = '{"timestamp": 1}'

FAILURES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "FIFO without a group": (
        "sqs",
        "q.fifo",
        {"SqsParameters": {}},
        "The request must contain the parameter MessageGroupId.",
    ),
    "long partition key": (
        "kinesis",
        "stream/s",
        keyed("$.detail.long"),
        f"1 validation error detected: Value '\"{'k' * 255}\"' at 'partitionKey' failed to satisfy "
        "constraint: Member must have length less than or equal to 256",
    ),
    **{
        f"log entry {text}": (
            "logs",
            "log-group:/aws/events/x",
            template(text),
            'The input for a log group must be {"timestamp": <time>, "message": <message>}.',
        )
        for text in (
            '"text"',
            '"two"\n"lines"',
            '{"timestamp": 1}',
            '{"timestamp": 1, "message": "m", "more": 1}',
            '{"timestamp": "soon", "message": "m"}',
            '{"timestamp": true, "message": "m"}',
            '{"timestamp": -1, "message": "m"}',
            '{"timestamp": "0001-01-01T00:00:00+14:00", "message": "m"}',
            '{"timestamp": 1.5, "message": "m"}',
        )
    },
    "two lines for a function": (
        "lambda",
        "function:f",
        template('"one"\n"two"'),
        "The input for Invoke must be one JSON value.",
    ),
    "two lines for a state machine": (
        "states",
        "stateMachine:m",
        template('"one"\n"two"'),
        "The input for StartExecution must be one JSON value.",
    ),
    "overrides that are no object": (
        "ecs",
        "cluster/c",
        {"EcsParameters": ECS, "Input": "[]"},
        "The input for RunTask must be a JSON object.",
    ),
    "overrides that are too long": (
        "ecs",
        "cluster/c",
        {
            "EcsParameters": ECS,
            **template('{"a": "<v>", "b": "<v>"}' + " " * 7700, v="$.detail.long"),
        },
        "The payload of 8228 bytes exceeds the maximum of 8192 bytes.",
    ),
    "no task definition": (
        "ecs",
        "cluster/c",
        {"EcsParameters": {"TaskDefinitionArn": "$.detail.nowhere"}},
        "The parameter TaskDefinitionArn must not be empty.",
    ),
    "a job of no object": (
        "batch",
        "job-queue/q",
        {"BatchParameters": BATCH, "InputPath": "$.detail.name"},
        "The input for SubmitJob must be a JSON object.",
    ),
    "a build of no object": (
        "codebuild",
        "project/p",
        {"Input": '"v"'},
        "The input for StartBuild must be a JSON object.",
    ),
    "a command of no object": (
        "ssm",
        "document/d",
        {"RunCommandParameters": COMMAND, "Input": "1"},
        "The input for SendCommand must be a JSON object.",
    ),
    "a command to nobody": (
        "ssm",
        "document/d",
        {},
        "The parameter RunCommandParameters is required.",
    ),
    "a runbook of no object": (
        "ssm",
        "automation-definition/d",
        {"Input": "null"},
        "The input for StartAutomationExecution must be a JSON object.",
    ),
    "an OpsItem of no object": (
        "ssm",
        "opsitem",
        {"Input": "[1]"},
        "The input for CreateOpsItem must be a JSON object.",
    ),
    "no statement": (
        "redshift",
        "cluster:c",
        {},
        "The parameter RedshiftDataParameters is required.",
    ),
    "an empty statement": (
        "redshift",
        "cluster:c",
        {"RedshiftDataParameters": {"Database": "db", "Sql": "$.detail.nowhere"}},
        "The parameter Sql must not be empty.",
    ),
    "no operation": (
        "appsync",
        "endpoints/graphql-api/a",
        {},
        "The parameter AppSyncParameters is required.",
    ),
    "variables that are no object": (
        "appsync",
        "endpoints/graphql-api/a",
        {"AppSyncParameters": GRAPHQL, "InputPath": "$.source"},
        "The input for GraphQL must be a JSON object.",
    ),
    "too many path values": (
        "execute-api",
        "a/test/POST/*",
        {"HttpParameters": {"PathParameterValues": ["1", "2"]}},
        "The path /test/* takes 1 path parameter values, not 2.",
    ),
    "too few path values": (
        "execute-api",
        "a/test/POST/*",
        {},
        "The path /test/* takes 1 path parameter values, not 0.",
    ),
    "a blank path value": (
        "execute-api",
        "a/test/POST/*",
        {"HttpParameters": {"PathParameterValues": ["$.detail.none"]}},
        "A path parameter value must not be blank.",
    ),
    "a blank path value of a destination": (
        "events",
        "api-destination/d/0-1",
        {"HttpParameters": {"PathParameterValues": ["$.detail.none"]}},
        "A path parameter value must not be blank.",
    ),
    "a header of two lines": (
        "execute-api",
        "a/test",
        {"HttpParameters": {"HeaderParameters": {"A": "$.detail.control"}}},
        "The value of the header A is not valid.",
    ),
    "a header of two lines to a destination": (
        "events",
        "api-destination/d/0-1",
        {"HttpParameters": {"HeaderParameters": {"A": "$.detail.control"}}},
        "The value of the header A is not valid.",
    ),
}


@pytest.mark.parametrize(("service", "resource", "fields", "text"), FAILURES.values(), ids=FAILURES)
def test_what_cannot_be_sent(
    service: str, resource: str, fields: dict[str, Any], text: str
) -> None:
    """It goes to the dead-letter queue without an attempt, with code, text and body."""
    world = deliver(service, resource, fields)
    assert world.stand_in(arn(service, resource)).requests == []
    (delivery,) = world.trace.deliveries()
    assert (delivery.outcome, delivery.attempts) == ("dead-lettered", [])
    (letter,) = world.queue("dead").requests
    attributes = letter["MessageAttributes"]
    assert {name: value["StringValue"] for name, value in attributes.items()} == {
        "RULE_ARN": RULE,
        "TARGET_ARN": arn(service, resource),
        "ERROR_CODE": "INVALID_PARAMETER",
        "ERROR_MESSAGE": text,
    }
    assert all(value["DataType"] == "String" for value in attributes.values())
    assert letter["MessageBody"] == world.queue("dead").messages[0]


def test_a_fifo_queue_needs_content_based_deduplication() -> None:
    """Without it the queue refuses every attempt, in its own words."""
    world = sb.World()
    queue = world.queue("q.fifo", content_based_deduplication=False)
    world.client().put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "t", "Arn": queue.arn, "SqsParameters": {"MessageGroupId": "g"}}
    world.client().put_targets(Rule="r", Targets=[target])
    world.client().put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    world.settle()
    assert queue.messages == []
    (delivery,) = world.trace.deliveries()
    assert delivery.error_code == "INVALID_PARAMETER"
    with pytest.raises(sb.SimbridgeError, match="is not a FIFO queue"):
        world.queue("q", content_based_deduplication=False)


@pytest.mark.parametrize("delivers", [1, 0])
def test_a_log_group_may_be_written_with_a_star(delivers: int) -> None:
    """It is the group without the star; whether it is delivered to is a setting."""
    group = arn("logs", "log-group:/aws/events/x")
    world = sb.World(stand_ins="auto", limits={"log_group_star_delivers": delivers})
    logs, dead, events = world.stand_in(group), world.queue("dead"), world.client()
    assert world.stand_in(group + ":*") is logs
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "t", "Arn": group + ":*", "DeadLetterConfig": {"Arn": dead.arn}}
    events.put_targets(Rule="r", Targets=[target])
    assert "log_group_star_delivers" in str(world.trace)
    assert events.list_targets_by_rule(Rule="r")["Targets"] == [target]
    events.put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    world.settle()
    assert [request["logGroupName"] for request in logs.requests] == ["/aws/events/x"] * delivers
    (delivery,) = world.trace.deliveries(rule="r")
    assert (delivery.outcome, delivery.error_code) == (
        ("delivered", None) if delivers else ("dead-lettered", "NO_RESOURCE")
    )
    for letter in dead.receive():
        assert letter.attributes["TARGET_ARN"] == group + ":*"


@pytest.mark.parametrize("stand_ins", ["strict", "auto"])
def test_a_target_of_another_account_is_delivered_to(stand_ins: Any) -> None:
    """Its stand-in lives at its ARN; where there is none, nobody takes the event."""
    queue = arn("sqs", "theirs").replace("123456789012", "210987654321")
    world = sb.World(stand_ins=stand_ins)
    events = world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": queue, "RoleArn": ROLE}])
    entry = {"Source": "shop", "DetailType": "x", "Detail": "{}"}
    events.put_events(Entries=[entry])
    world.settle()
    theirs = world.stand_in(queue)
    events.put_events(Entries=[entry])
    world.settle()
    outcomes = [delivery.outcome for delivery in world.trace.deliveries(rule="r")]
    assert outcomes == ["dropped" if stand_ins == "strict" else "delivered", "delivered"]
    assert len(theirs.received) == outcomes.count("delivered")
    assert theirs.requests[-1]["QueueUrl"].endswith("/210987654321/theirs")


@pytest.mark.parametrize(
    ("detail_bytes", "outcome"), [(900_000, "delivered"), (1_048_500, "dropped")]
)
def test_a_body_that_a_queue_does_not_take_is_lost(detail_bytes: int, outcome: str) -> None:
    """1 MiB is the bound of a message; the dead-letter queue, a queue itself, has the same."""
    fields = {"InputTransformer": {"InputTemplate": '{"e": <aws.events.event.json>}'}}
    detail = json.dumps({"pad": "x" * (detail_bytes - 20)})
    world = deliver("sqs", "q", fields, Detail=detail)
    (delivery,) = world.trace.deliveries()
    assert delivery.outcome == outcome
    if outcome == "dropped":
        assert delivery.error_code == "INVALID_PARAMETER"
        assert "Message must be shorter than 1048576 bytes." in str(world.trace)


def test_bounds_count_bytes_of_the_event_as_it_is_written() -> None:
    """An event without a transform is measured with its envelope, in UTF-8."""
    kind = next(kind for kind in KINDS if kind.name == "SQS queue")
    frame = len('{"id":"i","detail":""}')
    sending = Sending(
        arns.parse(arn("sqs", "q")),
        {},
        {"id": "i", "detail": "ä" * ((1_048_576 - frame) // 2)},
        None,
        arns.parse(RULE),
    )
    assert len(sending.text.encode()) == 1_048_576
    assert failure(kind, sending) is None
    longer = sending._replace(envelope={"id": "ii", "detail": sending.envelope["detail"]})
    assert failure(kind, longer) is not None


@pytest.mark.parametrize(
    ("service", "resource", "fields", "place", "value"),
    [
        (
            "sqs",
            "q",
            {},
            "MessageSystemAttributes",
            {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}},
        ),
        ("lambda", "function:f", {}, "TraceHeader", TRACE),
        ("states", "stateMachine:m", {}, "traceHeader", TRACE),
    ],
)
def test_the_trace_header_goes_along(
    service: str, resource: str, fields: dict[str, Any], place: str, value: object
) -> None:
    """Where the service has a place for it (fidelity 1.6)."""
    world = deliver(service, resource, fields, TraceHeader=TRACE)
    assert received(world, service, resource)[place] == value


def test_the_trace_header_goes_to_apis_and_dead_letters() -> None:
    """As a header, and as the same system attribute that a queue gets."""
    world = deliver("execute-api", "a/test", {}, TraceHeader=TRACE)
    assert received(world, "execute-api", "a/test")["Headers"]["X-Amzn-Trace-Id"] == TRACE
    world = deliver("execute-api", "a/test/GET/*", {}, TraceHeader=TRACE)
    (letter,) = world.queue("dead").requests
    assert letter["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == TRACE


def test_requests_follow_the_target_as_it_was_when_the_rule_matched() -> None:
    """A target that is put again changes later requests; earlier ones stay as they were."""
    world = deliver("kinesis", "stream/s", keyed("$.source"))
    client = world.client()
    stream = world.stand_in(arn("kinesis", "stream/s"))
    target = {"Id": "t", "Arn": stream.arn, "RoleArn": ROLE, **keyed("$.detail-type")}
    client.put_targets(Rule="orders", Targets=[target])
    client.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}])
    world.settle()
    assert [request["PartitionKey"] for request in stream.requests] == ['"shop"', '"Order"']
    client.remove_targets(Rule="orders", Ids=["t"])
    world.settle()
    assert len(stream.requests) == 2


def test_requests_survive_forks_pickles_and_files(tmp_path: Path) -> None:
    """The parameters stand in the trace once, and every copy shows the same requests."""
    world = deliver("ecs", "cluster/c", {"EcsParameters": ECS})
    for _ in range(3):
        world.client().put_events(
            Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}]
        )
    world.settle()
    wanted = world.stand_in(arn("ecs", "cluster/c")).requests
    for copy in (world.fork(), pickle.loads(pickle.dumps(world))):
        assert copy.stand_in(arn("ecs", "cluster/c")).requests == wanted
        assert copy.trace.digest() == world.trace.digest()
    file = tmp_path / "trace.jsonl"
    world.trace.to_jsonl(file)
    read = sb.Trace.from_jsonl(file)
    assert list(read) == list(world.trace)
    assert read.digest() == world.trace.digest()
    invokes = [line for line in file.read_text().splitlines() if '"Invoke"' in line]
    assert [line.count("TaskDefinitionArn") for line in invokes] == [1, 0, 0, 0]


def test_reading_requests_changes_nothing() -> None:
    """They are worked out from what is recorded: no message, no random number, no order."""
    worlds = [deliver("kinesis", "stream/s", {}) for _ in range(2)]
    assert worlds[0].stand_in(arn("kinesis", "stream/s")).requests
    for world in worlds:
        world.client().put_events(
            Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}]
        )
        world.settle()
    assert worlds[0].trace.digest() == worlds[1].trace.digest()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "timestamp", "message", "Parameters"]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(case=st.sampled_from(sorted(CASES)), detail=VALUES, body=st.none() | VALUES)
def test_any_input_makes_a_request_or_a_failure(case: str, detail: Any, body: Any) -> None:
    """Nothing is raised, whatever the event and the input; kinds that cannot fail do not."""
    service, resource, fields, _ = CASES[case]
    address = arns.parse(arn(service, resource))
    kind = kind_of(address)
    assert kind is not None
    envelope = {
        "id": "i",
        "time": "2026-03-01T00:00:00Z",
        "detail-type": "x",
        "source": "s",
        "detail": detail,
    }
    text = None if body is None else json.dumps(body)
    sending = Sending(address, fields, envelope, text, arns.parse(RULE))
    found = failure(kind, sending)
    given = fields | {"Arn": str(address)} | ({} if text is None else {"InputTransformer": {}})
    assert found is None or kind.may_fail(given)
    if found is None:
        json.dumps(kind.requester(sending))
