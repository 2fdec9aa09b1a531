"""What PutTargets refuses, with the words of the service (fidelity 2.5, 5.1, 8.4)."""

from __future__ import annotations

import pytest
from target_requests import (
    API,
    BATCH,
    BUS,
    ECS,
    FIFO,
    INVALID,
    LOGS,
    QUEUE,
    ROLE,
    TASK,
    TEMPLATE,
    TOPIC,
    ecs,
    with_rule,
)


@pytest.fixture
def api(api):
    """An API with a rule `r` on the default bus, and a bus `b`."""
    return with_rule(api)


def malformed(text):
    return f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format."


def violation(value, place, rule):
    return (
        f"1 validation error detected: Value '{value}' at 'targets.2.member.{place}' failed to "
        f"satisfy constraint: {rule}"
    )


def at_most(length):
    return f"Member must have length less than or equal to {length}"


def at_least(length):
    return f"Member must have length greater than or equal to {length}"


LONG = {
    "Arn": ("a" * 1601, "arn", 1600),
    "RoleArn": ("a" * 1601, "roleArn", 1600),
    "DeadLetterConfig": ("a" * 1601, "deadLetterConfig.arn", 1600),
    "Input": ('"' + "x" * 8191 + '"', "input", 8192),
    "InputPath": ("$." + "x" * 255, "inputPath", 256),
    "InputTemplate": ("x" * 8193, "inputTransformer.inputTemplate", 8192),
    "MessageGroupId": ("g" * 101, "sqsParameters.messageGroupId", 100),
    "PartitionKeyPath": ("$." + "x" * 255, "kinesisParameters.partitionKeyPath", 256),
}
MODEL_REFUSALS = {
    "a task count of zero": (
        ecs(TaskCount=0),
        violation(
            "0", "ecsParameters.taskCount", "Member must have value greater than or equal to 1"
        ),
    ),
    "an unknown launch type": (
        ecs(LaunchType="$.detail.type"),
        violation(
            "$.detail.type",
            "ecsParameters.launchType",
            "Member must satisfy enum value set: [EC2, FARGATE, EXTERNAL]",
        ),
    ),
    "a blank path value": (
        {"HttpParameters": {"PathParameterValues": [" "]}},
        violation(
            "[ ]",
            "httpParameters.pathParameterValues",
            r"Member must satisfy constraint: "
            r"[Member must satisfy regular expression pattern: ^(?!\s*$).+]",
        ),
    ),
    "an empty query value": (
        {"Arn": API, "HttpParameters": {"QueryStringParameters": {"key": ""}}},
        violation(
            "{key=}",
            "httpParameters.queryStringParameters",
            f"Map value must satisfy constraint: [{at_most(512)}, {at_least(0)}, Member must satisfy "
            r"regular expression pattern: [^\x00-\x09\x0B\x0C\x0E-\x1F\x7F]+]",
        ),
    ),
    "a header that is none": (
        {"Arn": API, "HttpParameters": {"HeaderParameters": {"bad name": "value"}}},
        violation(
            "{bad name=value}",
            "httpParameters.headerParameters",
            f"Map keys must satisfy constraint: [{at_most(512)}, {at_least(0)}, Member must satisfy "
            r"regular expression pattern: ^[!#$%&'*+-.^_`|~0-9a-zA-Z]+$]",
        ),
    ),
    "too long a placeholder path": (
        {"InputTransformer": TEMPLATE | {"InputPathsMap": {"a": "$." + "x" * 255}}},
        violation(
            "{a=$." + "x" * 255 + "}",
            "inputTransformer.inputPathsMap",
            f"Map value must satisfy constraint: [{at_most(256)}, {at_least(0)}]",
        ),
    ),
    "a placeholder like a reserved variable": (
        {"InputTransformer": TEMPLATE | {"InputPathsMap": {"aws.events.rule-name": "$.a"}}},
        violation(
            "{aws.events.rule-name=$.a}",
            "inputTransformer.inputPathsMap",
            f"Map keys must satisfy constraint: [{at_most(256)}, {at_least(1)}, Member must satisfy "
            r"regular expression pattern: [A-Za-z0-9\_\-]+]",
        ),
    ),
    **{
        f"too long {name}": (
            {
                "DeadLetterConfig": {"DeadLetterConfig": {"Arn": text}},
                "InputTemplate": {"InputTransformer": {"InputTemplate": text}},
                "MessageGroupId": {"SqsParameters": {"MessageGroupId": text}},
                "PartitionKeyPath": {"KinesisParameters": {"PartitionKeyPath": text}},
            }.get(name, {name: text}),
            violation(text, place, at_most(most)),
        )
        for name, (text, place, most) in LONG.items()
    },
}

REFUSALS = {
    "not an ARN": ({"Arn": "queue"}, malformed("queue")),
    "no resource": ({"Arn": "arn:aws:sqs:us-east-1:1:"}, malformed("arn:aws:sqs:us-east-1:1:")),
    "not a region": (
        {"Arn": "arn:aws:events:moon-1:123456789012:event-bus/b"},
        malformed("arn:aws:events:moon-1:123456789012:event-bus/b"),
    ),
    **{
        f"an ARN without {what}": ({"Arn": text}, malformed(text))
        for what, text in {
            "a region": "arn:aws:sqs::123456789012:q",
            "an account": "arn:aws:sqs:us-east-1::q",
            "either": "arn:aws:sqs:::q",
        }.items()
    },
    "a log stream": ({"Arn": LOGS + ":log-stream:s"}, malformed(LOGS + ":log-stream:s")),
    "something else of a known service": (
        {"Arn": "arn:aws:lambda:us-east-1:123456789012:layer:x"},
        malformed("arn:aws:lambda:us-east-1:123456789012:layer:x"),
    ),
    "a role that is not an ARN": ({"RoleArn": "role"}, malformed("role")),
    "unsupported service": (
        {"Arn": "arn:aws:s3:::bucket"},
        "s3 is not a supported service for a target.",
    ),
    "no role": ({"Arn": BATCH}, f"RoleArn is required for target {BATCH}."),
    "no role for the bus of another region": (
        {"Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/b"},
        "RoleArn is required for target arn:aws:events:eu-west-1:123456789012:event-bus/b.",
    ),
    "role for Logs": (
        {"Arn": LOGS, "RoleArn": ROLE},
        f"RoleArn is not supported for target {LOGS}.",
    ),
    "two inputs": (
        {"Input": "1", "InputPath": "$"},
        "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
    ),
    "Input that is not JSON": (
        {"Input": "not-json"},
        'JSON syntax error in input for target t: [Source: (String)"not-json"; line: 1, column: 1]',
    ),
    "a bad path": ({"InputPath": "detail"}, "InputPath for target t is invalid."),
    "a bad path in a map": (
        {"InputTransformer": TEMPLATE | {"InputPathsMap": {"a": "detail"}}},
        "InputPath for target t is invalid.",
    ),
    "an unknown placeholder": (
        {"InputTransformer": {"InputTemplate": '{"a": <name>}', "InputPathsMap": {"a": "$.a"}}},
        "InputTemplate for target t contains invalid placeholder name.",
    ),
    "the event in a template that is no object": (
        {"InputTransformer": {"InputTemplate": '"<aws.events.event.json>"'}},
        "InputTemplate for target t contains placeholder aws.events.event.json valid only for "
        "JSON template.",
    ),
    "Logs with Input": (
        {"Arn": LOGS, "Input": "1"},
        "Input and InputPath are not valid forms of input for target t. "
        "The only valid form of input is InputTransformer.",
    ),
    "Logs with InputPath": (
        {"Arn": LOGS, "InputPath": "$.detail"},
        "Input and InputPath are not valid forms of input for target t. "
        "The only valid form of input is InputTransformer.",
    ),
    "ECS with InputPath": (
        {"Arn": ECS, "RoleArn": ROLE, "EcsParameters": TASK, "InputPath": "$"},
        "Parameter(s) InputPath not supported for target: t",
    ),
    "ECS without its block": (
        {"Arn": ECS, "RoleArn": ROLE},
        "Parameter(s) EcsParameters must be specified for target: t.",
    ),
    "Batch without its block": (
        {"Arn": BATCH, "RoleArn": ROLE},
        "Parameter(s) BatchParameters must be specified for target: t.",
    ),
    "FIFO without its block": (
        {"Arn": FIFO},
        "Parameter(s) SqsParameters must be specified for target: t.",
    ),
    "a block of others": (
        {"EcsParameters": TASK},
        "Parameter(s) EcsParameters not supported for target: t",
    ),
    "the wrong one of two blocks": (
        {"Arn": ECS, "RoleArn": ROLE, "EcsParameters": TASK, "HttpParameters": {}},
        "Parameter(s) HttpParameters not supported for target: t",
    ),
    "bus to itself": (
        {"Arn": BUS + "default", "RoleArn": ROLE},
        "Source EventBus and Target EventBus must not be the same.",
    ),
    "bus with RetryPolicy": (
        {"Arn": BUS + "b", "RoleArn": ROLE, "RetryPolicy": {"MaximumRetryAttempts": 1}},
        "Retry policy is not supported for Event bus targets.",
    ),
    "bus with Input": (
        {"Arn": BUS + "b", "RoleArn": ROLE, "Input": "{}"},
        "Modifying the input for target t is not supported.",
    ),
    "bus with InputPath": (
        {"Arn": BUS + "b", "RoleArn": ROLE, "InputPath": "$.detail"},
        "Modifying the input for target t is not supported.",
    ),
    "bus with InputTransformer": (
        {"Arn": BUS + "b", "RoleArn": ROLE, "InputTransformer": TEMPLATE},
        "Modifying the input for target t is not supported.",
    ),
    "dead letters to a topic": (
        {"DeadLetterConfig": {"Arn": TOPIC}},
        "sns is not supported as a dead letter resource",
    ),
    "dead letters to a FIFO queue": (
        {"DeadLetterConfig": {"Arn": FIFO}},
        "SQS FIFO is not supported by Dead Letter Queues",
    ),
    **{
        f"dead letters to {text}": ({"DeadLetterConfig": {"Arn": text}}, malformed(text))
        for text in ("q", "arn:aws:sqs:us-east-1:123456789012:q:1", "arn:aws:sqs:us-east-1::q")
    },
    "dead letters to another region": (
        {"DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}},
        "Parameter arn:aws:sqs:eu-west-1:123456789012:q is not valid. "
        "Reason: Dead letter queue must be in the same Region as the rule.",
    ),
    "another region": (
        {"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"},
        "Access to the resource arn:aws:sqs:eu-west-1:123456789012:q is denied. "
        "Reason: Adding cross-region target is not permitted.",
    ),
    **MODEL_REFUSALS,
    "an id that is none": (
        {"Id": "a b" * 30},
        f"2 validation errors detected: Value '{'a b' * 30}' at 'targets.2.member.id' failed to "
        r"satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+; "
        f"Value '{'a b' * 30}' at 'targets.2.member.id' failed to satisfy constraint: Member must "
        "have length less than or equal to 64",
    ),
    "too old": (
        {"RetryPolicy": {"MaximumEventAgeInSeconds": 86_401}},
        violation(
            "86401",
            "retryPolicy.maximumEventAgeInSeconds",
            "Member must have value less than or equal to 86400",
        ),
    ),
    "too many retries": (
        {"RetryPolicy": {"MaximumRetryAttempts": 186, "MaximumEventAgeInSeconds": 59}},
        "2 validation errors detected: Value '186' at "
        "'targets.2.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member "
        "must have value less than or equal to 185; Value '59' at "
        "'targets.2.member.retryPolicy.maximumEventAgeInSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 60",
    ),
}


@pytest.mark.parametrize(("target", "text"), REFUSALS.values(), ids=REFUSALS)
def test_put_refuses_all_targets_for_one(api, target, text):
    """One bad target refuses the whole call in the service's words; the good one is not added."""
    targets = [{"Id": "good", "Arn": QUEUE}, {"Id": "t", "Arn": QUEUE} | target]
    assert api.refused("put_targets", Rule="r", Targets=targets) == (INVALID, text)
