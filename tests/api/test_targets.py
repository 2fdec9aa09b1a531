"""Targets of rules (fidelity 2.5, 5.1, 5.2, 8.4, 11.5)."""

from __future__ import annotations

import re

import pytest

from simbridge.model.messages import Configure
from simbridge.targets import KINDS
from simbridge.targets.reference import example_target

INVALID = "ValidationException"
DENIED = "AccessDeniedException"
PATTERN = '{"source":["shop"]}'
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/"
ROLE = "arn:aws:iam::123456789012:role/r"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
FIFO = QUEUE + ".fifo"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/x"
ECS = "arn:aws:ecs:us-east-1:123456789012:cluster/c"
API = "arn:aws:execute-api:us-east-1:123456789012:a/prod/POST/*"
REDSHIFT = "arn:aws:redshift:us-east-1:123456789012:cluster:c"
BATCH = "arn:aws:batch:us-east-1:123456789012:job-queue/q"
TASK = {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/t"}
DONE = {"FailedEntryCount": 0, "FailedEntries": []}
TEMPLATE = {"InputTemplate": '"x"'}


@pytest.fixture
def api(api):
    """An API with a rule `r` on the default bus, and a bus `b`."""
    api.create_event_bus(Name="b")
    api.put_rule(Name="r", EventPattern=PATTERN)
    api.news()
    return api


def put(api, *targets):
    return api.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": QUEUE} | t for t in targets])


def listed(api):
    return api.list_targets_by_rule(Rule="r")["Targets"]


def test_put_tells_the_bus_the_whole_rule(api):
    """One `Configure` with the rule and all its targets, sorted by id; ids know their rule."""
    assert put(api, {"Id": "b"}, {"Id": "a", "Arn": TOPIC}) == DONE
    [(to, message)] = api.news()
    assert (to, message) == (BUS + "default", Configure(api.bus().rules["r"]))
    assert [(target.id, target.arn) for target in message.resource.targets] == [
        ("a", TOPIC),
        ("b", QUEUE),
    ]
    target = message.resource.target("a")
    assert target.rule_arn == message.resource.arn
    assert target.request == {"Id": "a", "Arn": TOPIC}


def test_targets_are_listed_as_they_were_supplied(api):
    """Every field comes back as it was, in the order of ids; the default is nothing added."""
    given = {
        "Id": "t",
        "Arn": QUEUE,
        "Input": " null ",
        "RetryPolicy": {"MaximumRetryAttempts": 0},
        "DeadLetterConfig": {"Arn": QUEUE},
        "SqsParameters": {"MessageGroupId": "g"},
    }
    put(api, given, {"Id": "s"})
    assert listed(api) == [{"Id": "s", "Arn": QUEUE}, given]


def test_ecs_targets_show_their_switches(api):
    """The two booleans of EcsParameters are answered as false where they were left out."""
    put(api, {"Arn": ECS, "RoleArn": ROLE, "EcsParameters": TASK | {"EnableExecuteCommand": True}})
    assert listed(api)[0]["EcsParameters"] == TASK | {
        "EnableECSManagedTags": False,
        "EnableExecuteCommand": True,
    }


def test_the_same_id_replaces_the_whole_target(api):
    """In a later call or in the same one: the last wins, and omitted fields are cleared."""
    put(api, {"Input": "1"}, {"Arn": TOPIC, "Input": "2"})
    assert listed(api) == [{"Id": "t", "Arn": TOPIC, "Input": "2"}]
    put(api, {})
    assert listed(api) == [{"Id": "t", "Arn": QUEUE}]


def test_the_same_arn_may_be_a_target_twice(api):
    """Two ids for one ARN are two targets; the rule is listed once for it."""
    put(api, {"Id": "a"}, {"Id": "b"})
    assert [target["Id"] for target in listed(api)] == ["a", "b"]
    assert api.list_rule_names_by_target(TargetArn=QUEUE) == {"RuleNames": ["r"]}


def test_a_sixth_target_refuses_the_whole_call(api):
    """Distinct ids count, and nothing of the refused call is added."""
    full = ("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    put(api, *({"Id": f"t{n}"} for n in range(4)))
    more = [{"Id": name, "Arn": QUEUE} for name in ("t0", "new", "newer")]
    assert api.refused("put_targets", Rule="r", Targets=more) == full
    put(api, {"Id": "t0"}, {"Id": "new"}, {"Id": "new"})
    assert len(listed(api)) == 5


def test_remove_takes_what_is_there(api):
    """Unknown ids are no error; the bus is told the rule that remains."""
    put(api, {"Id": "a"}, {"Id": "b"})
    api.news()
    assert api.remove_targets(Rule="r", Ids=["a", "unknown", "a"]) == DONE
    [(_, message)] = api.news()
    assert [target.id for target in message.resource.targets] == ["b"]
    assert listed(api) == [{"Id": "b", "Arn": QUEUE}]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("put_targets", {"Targets": [{"Id": "t", "Arn": "not checked yet"}]}),
        ("remove_targets", {"Ids": ["t"]}),
        ("list_targets_by_rule", {}),
    ],
)
def test_the_rule_must_exist(api, operation, request_):
    """The refusal names the rule and its bus, before anything is said about targets."""
    assert api.refused(operation, Rule="none", EventBusName="b", **request_) == (
        "ResourceNotFoundException",
        "Rule none does not exist on EventBus b.",
    )


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("put_targets", {"Rule": "r", "Targets": [{"Id": "t", "Arn": "not checked yet"}]}),
        ("remove_targets", {"Rule": "r", "Ids": ["t"]}),
        ("list_targets_by_rule", {"Rule": "r"}),
        ("list_rule_names_by_target", {"TargetArn": QUEUE}),
    ],
)
@pytest.mark.parametrize(
    ("bus", "answer"),
    [
        ("none", ("ResourceNotFoundException", "Event bus none does not exist.")),
        (
            "arn:aws:events:eu-west-1:123456789012:event-bus/default",
            (INVALID, "Cross-region api call is not allowed."),
        ),
    ],
)
def test_the_bus_must_be_there(api, operation, request_, bus, answer):
    """It is looked for first, and in the region of the client only."""
    assert api.refused(operation, EventBusName=bus, **request_) == answer


@pytest.mark.parametrize(
    ("operation", "member", "given"),
    [
        ("put_targets", "targets", {"Targets": [{"Id": "t", "Arn": QUEUE}] * 101}),
        ("remove_targets", "ids", {"Ids": ["t"] * 101}),
    ],
)
def test_a_call_is_about_a_hundred_targets_at_most(api, operation, member, given):
    """The bound of the service model; the quotas page says ten, and no answer was recorded."""
    code, text = api.refused(operation, Rule="r", **given)
    assert code == INVALID
    assert text.startswith("1 validation error detected: Value '[")
    assert text.endswith(f"]' at '{member}' failed to satisfy constraint: {at_most(100)}")
    fewer = {name: items[:100] for name, items in given.items()}
    assert getattr(api, operation)(Rule="r", **fewer) == DONE


def test_rule_names_of_a_target(api):
    """Disabled rules are found too, other buses are not searched, unknown ARNs find nothing."""
    api.put_rule(Name="off", EventPattern=PATTERN, State="DISABLED")
    api.put_rule(Name="other", EventPattern=PATTERN, EventBusName="b")
    for rule, bus in (("r", "default"), ("off", "default"), ("other", "b")):
        api.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "t", "Arn": QUEUE}])
    assert api.list_rule_names_by_target(TargetArn=QUEUE) == {"RuleNames": ["off", "r"]}
    assert api.list_rule_names_by_target(TargetArn="anything") == {"RuleNames": []}


def malformed(text):
    return f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format."


def ecs(**block):
    return {"Arn": ECS, "RoleArn": ROLE, "EcsParameters": TASK | block}


def vpc(**network):
    return {"NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["s"]} | network}}


def batch(**block):
    block = {"JobDefinition": "d", "JobName": "j"} | block
    return {"Arn": BATCH, "RoleArn": ROLE, "BatchParameters": block}


def redshift(**block):
    return {"Arn": REDSHIFT, "RoleArn": ROLE, "RedshiftDataParameters": {"Database": "d"} | block}


SIZE = "Parameter ArrayProperties is not valid. Reason: Size must be in between 2 and 10000."
ATTEMPTS = "Parameter RetryStrategy is not valid. Reason: Attempts must be in between 1 and 10."
SQL = "Either RedshiftDataParameters.sql or RedshiftDataParameters.sqls"
SUBNETS = "Parameter Subnets is not valid. Reason: size must be in between 1 and 16"

BLOCK_REFUSALS = {
    "more than ten tasks": (
        ecs(TaskCount=11),
        "Parameter(s) TaskCount not valid for target: t",
    ),
    "Fargate without a network": (
        ecs(LaunchType="FARGATE"),
        "Parameter NetworkConfiguration must be specified for target t when launch type is FARGATE",
    ),
    "a Fargate platform on EC2": (
        ecs(LaunchType="EC2", PlatformVersion="1.4.0"),
        "Parameter PlatformVersion for target t is not supported when launch type is EC2",
    ),
    "a public address on EC2": (
        ecs(LaunchType="EC2", **vpc(AssignPublicIp="DISABLED")),
        "Parameter AssignPublicIp for target t is not supported when launch type is EC2",
    ),
    "no subnet": (ecs(**vpc(Subnets=[])), SUBNETS),
    "seventeen subnets": (ecs(**vpc(Subnets=["s"] * 17)), SUBNETS),
    "six security groups": (
        ecs(**vpc(SecurityGroups=["g"] * 6)),
        "Parameter SecurityGroups is not valid. Reason: size must be in between 0 and 5",
    ),
    "a task of another region": (
        ecs(TaskDefinitionArn="arn:aws:ecs:eu-west-1:123456789012:task-definition/t"),
        f"Region of {ECS} does not match region of "
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/t",
    ),
    "an array of one": (batch(ArrayProperties={"Size": 1}), SIZE),
    "an array of too many": (batch(ArrayProperties={"Size": 10_001}), SIZE),
    "no attempt": (batch(RetryStrategy={"Attempts": 0}), ATTEMPTS),
    "eleven attempts": (batch(RetryStrategy={"Attempts": 11}), ATTEMPTS),
    "both forms of statement": (redshift(Sql="a", Sqls=["a"]), SQL),
    "no statement": (redshift(), SQL),
    "both forms of login": (
        redshift(Sql="a", DbUser="u", SecretManagerArn="$.detail.secret"),
        "Either RedshiftDataParameters.dBUser or RedshiftDataParameters.secretManagerArn",
    ),
    "two kinds of instances": (
        {
            "Arn": "arn:aws:ssm:us-east-1:123456789012:document/d",
            "RoleArn": ROLE,
            "RunCommandParameters": {"RunCommandTargets": [{"Key": "k", "Values": ["v"]}] * 2},
        },
        "Parameter(s) RunCommandTargets not valid for target: t",
    ),
    **{
        f"{block} for a queue": (
            {block: parameters},
            f"Parameter(s) {block} not supported for target: t",
        )
        for block, parameters in {
            "KinesisParameters": {"PartitionKeyPath": "$.id"},
            "EcsParameters": TASK,
            "BatchParameters": {"JobDefinition": "d", "JobName": "j"},
            "RunCommandParameters": {"RunCommandTargets": [{"Key": "k", "Values": ["v"]}]},
            "RedshiftDataParameters": {"Database": "d", "Sql": "a"},
            "SageMakerPipelineParameters": {},
            "AppSyncParameters": {"GraphQLOperation": "query Q { q }"},
            "HttpParameters": {},
        }.items()
    },
}


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
    **BLOCK_REFUSALS,
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


def provider(**fields):
    return ecs(CapacityProviderStrategy=[{"capacityProvider": "p"} | fields])


def http(**fields):
    return {"Arn": API, "HttpParameters": {"PathParameterValues": ["v"]} | fields}


def training(*parameters):
    return {
        "Arn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p",
        "RoleArn": ROLE,
        "SageMakerPipelineParameters": {"PipelineParameterList": list(parameters)},
    }


def command(**fields):
    return {
        "Arn": "arn:aws:ssm:us-east-1:123456789012:document/d",
        "RoleArn": ROLE,
        "RunCommandParameters": {"RunCommandTargets": [{"Key": "k", "Values": ["v"]} | fields]},
    }


# How long, how many or how much (fidelity 5.3), and a target with that.
BOUNDS = {
    "placement constraints": (10, lambda n: ecs(PlacementConstraints=[{"type": "memberOf"}] * n)),
    "placement strategies": (5, lambda n: ecs(PlacementStrategy=[{"type": "random"}] * n)),
    "placement expression": (2000, lambda n: ecs(PlacementConstraints=[{"expression": "e" * n}])),
    "capacity providers": (
        6,
        lambda n: ecs(CapacityProviderStrategy=[{"capacityProvider": "p"}] * n),
    ),
    "capacity base": (100_000, lambda n: provider(base=n)),
    "capacity weight": (1000, lambda n: provider(weight=n)),
    "database": (64, lambda n: redshift(Sql="a", Database="d" * n)),
    "database user": (128, lambda n: redshift(Sql="a", DbUser="u" * n)),
    "statement": (100_000, lambda n: redshift(Sql="s" * n)),
    "statements": (40, lambda n: redshift(Sqls=["s"] * n)),
    "statement name": (500, lambda n: redshift(Sql="a", StatementName="s" * n)),
    "header name": (512, lambda n: http(HeaderParameters={"h" * n: "v"})),
    "header value": (512, lambda n: http(HeaderParameters={"h": "v" * n})),
    "query name": (512, lambda n: http(QueryStringParameters={"q" * n: "v"})),
    "query value": (512, lambda n: http(QueryStringParameters={"q": "v" * n})),
    "pipeline parameters": (200, lambda n: training(*[{"Name": "n", "Value": "v"}] * n)),
    "pipeline parameter": (256, lambda n: training({"Name": "n" * n, "Value": "v"})),
    "pipeline value": (1024, lambda n: training({"Name": "n", "Value": "v" * n})),
    "command values": (50, lambda n: command(Values=["v"] * n)),
}


@pytest.mark.parametrize(("most", "target"), BOUNDS.values(), ids=BOUNDS)
def test_parameters_have_bounds(api, most, target):
    """So much is taken, and one more is refused before anything else is looked at."""
    assert put(api, target(most)) == DONE
    code, text = api.refused("put_targets", Rule="none", Targets=[{"Id": "t"} | target(most + 1)])
    assert code == INVALID
    assert text.startswith("1 validation error detected: Value '")
    assert re.search(rf" (length|value) less than or equal to {most}\b", text)


@pytest.mark.parametrize(
    "fields",
    [
        {"HeaderParameters": {"a header": "v"}},
        {"QueryStringParameters": {"q\n": "v"}},
        {"QueryStringParameters": {"q": "\x00"}},
        {"PathParameterValues": [" "]},
    ],
)
def test_http_parameters_are_of_characters_that_http_can_carry(api, fields):
    """The patterns of the service model (fidelity 5.3)."""
    code, text = api.refused("put_targets", Rule="r", Targets=[{"Id": "t"} | http(**fields)])
    assert code == INVALID
    assert "must satisfy" in text and "regular expression pattern" in text


@pytest.mark.parametrize("value", ["", "two\nlines"])
def test_the_value_of_a_header_is_not_looked_at(api, value):
    """PutTargets takes an empty one and one of two lines (captured), against the model."""
    assert put(api, http(HeaderParameters={"h": value})) == DONE


FOREIGN = "arn:aws:sqs:us-east-1:210987654321:q"
FOREIGN_STATES = "arn:aws:states:us-east-1:210987654321:stateMachine:m"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            {"Arn": FOREIGN},
            f"Access to the resource {FOREIGN} is denied. "
            "Reason: Adding cross-account target is not permitted.",
        ),
        (
            {"Arn": FOREIGN_STATES, "RoleArn": ROLE},
            f"Access to the resource {FOREIGN_STATES} is denied. "
            "Reason: Adding cross-account target is not permitted.",
        ),
        (
            {"RoleArn": ROLE.replace("123456789012", "210987654321")},
            "Cross-account pass role is not allowed.",
        ),
    ],
)
def test_other_accounts_are_denied(api, target, text):
    """A target without a role or of most kinds, and a role, belong to the account of the rule."""
    assert api.refused("put_targets", Rule="r", Targets=[{"Id": "t", "Arn": QUEUE} | target]) == (
        DENIED,
        text,
    )


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": BUS + "b", "RoleArn": ROLE},
        {"Arn": BUS + "none", "RoleArn": ROLE},
        {"Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/default", "RoleArn": ROLE},
        {"Arn": BUS + "b", "RoleArn": ROLE, "DeadLetterConfig": {"Arn": QUEUE}},
        {"DeadLetterConfig": {"Arn": FOREIGN}},
        {"DeadLetterConfig": {}},
        {"Arn": LOGS, "InputTransformer": TEMPLATE},
        {"Arn": LOGS + ":*"},
        {"Arn": FIFO, "SqsParameters": {"MessageGroupId": "g"}},
        {"Arn": TOPIC, "SqsParameters": {"MessageGroupId": "accepted anywhere"}},
        {"RoleArn": ROLE},
        {"Arn": "arn:aws:ssm:us-east-1::document/AWS-RunShellScript", "RoleArn": ROLE},
        {"Arn": "arn:aws:ssm-incidents::123456789012:response-plan/p", "RoleArn": ROLE},
        {"RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}},
        {"RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}},
        {"RetryPolicy": {}},
        {"Input": '"' + "x" * 8190 + '"'},
        {"InputPath": "$"},
        {"InputPath": "$.notexisting"},
        {"InputTransformer": TEMPLATE | {"InputPathsMap": {"AWSkey": "$.account"}}},
        {"InputTransformer": TEMPLATE | {"InputPathsMap": {f"k{n}": "$.a" for n in range(100)}}},
        {"Arn": API, "HttpParameters": {"PathParameterValues": ["more", "than", "wanted"]}},
        batch(ArrayProperties={"Size": 2}, RetryStrategy={"Attempts": 10}),
        batch(ArrayProperties={}, RetryStrategy={}),
        redshift(Sqls=["a", "b"], DbUser="u"),
        redshift(Sql="a"),
    ],
)
def test_put_accepts(api, target):
    """Other buses wherever they are, foreign dead-letter queues, ARNs without an account."""
    assert put(api, target) == DONE
    assert listed(api) == [{"Id": "t", "Arn": QUEUE} | target]


@pytest.mark.parametrize(
    "block",
    [
        {"TaskCount": 10},
        {"LaunchType": "EC2", **vpc(SecurityGroups=[])},
        {"LaunchType": "EXTERNAL", "PlatformVersion": "1.4.0"},
        {"LaunchType": "FARGATE", **vpc(AssignPublicIp="ENABLED", Subnets=["s"] * 16)},
        {"TaskDefinitionArn": "$.detail.task"},
        {"LaunchType": "EC2", "CapacityProviderStrategy": [{"capacityProvider": "p"}]},
    ],
)
def test_put_accepts_tasks(api, block):
    """Within the bounds, with a path for a task definition, with a strategy beside a launch type."""
    assert put(api, ecs(**block)) == DONE


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.role == "required"], ids=lambda kind: kind.name
)
def test_kinds_that_want_a_role_say_so(api, kind):
    """The refusal names the target; it comes before anything about parameters."""
    target = example_target(kind)
    del target["RoleArn"]
    assert api.refused("put_targets", Rule="r", Targets=[target | {"Input": "no"}]) == (
        INVALID,
        f"RoleArn is required for target {target['Arn']}.",
    )


def test_one_complaint_comes_before_another(api):
    """The form of the request, then the rule, then each target: ARN, role, parameters, input, DLQ."""
    wrong = {
        "Id": "t",
        "Arn": BATCH,
        "RoleArn": "role",
        "EcsParameters": TASK,
        "Input": "no",
        "DeadLetterConfig": {"Arn": TOPIC},
    }

    def complaint(rule="r", **fixed):
        return api.refused("put_targets", Rule=rule, Targets=[wrong | fixed])[1]

    assert complaint("none", Id="a b").startswith("1 validation error detected")
    assert complaint("none") == "Rule none does not exist on EventBus default."
    assert complaint(Arn="x") == malformed("x")
    assert complaint() == malformed("role")
    wrong["RoleArn"] = ROLE
    assert complaint() == "Parameter(s) EcsParameters not supported for target: t"
    del wrong["EcsParameters"]
    assert complaint() == "Parameter(s) BatchParameters must be specified for target: t."
    wrong |= batch()
    assert complaint().startswith("JSON syntax error in input for target t")
    wrong["Input"] = "{}"
    assert complaint() == "sns is not supported as a dead letter resource"
    wrong["DeadLetterConfig"] = {"Arn": QUEUE}
    put(api, wrong)


@pytest.mark.parametrize("wrong", ["a b", "", "x" * 65])
def test_ids_in_a_list_are_refused_at_the_list(api, wrong):
    """All that holds for one stands in a bracket, the lengths first (captured for path values)."""
    ids = ["t", wrong]
    assert api.refused("remove_targets", Rule="r", Ids=ids) == (
        INVALID,
        f"1 validation error detected: Value '[{', '.join(ids)}]' at 'ids' failed to satisfy "
        f"constraint: Member must satisfy constraint: [{at_most(64)}, {at_least(1)}, "
        r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+]",
    )


def test_the_role_of_a_rule_is_no_role_of_its_targets(api):
    """A target that wants a role wants one of its own (captured)."""
    api.put_rule(Name="r", EventPattern=PATTERN, RoleArn=ROLE)
    stream = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
    assert api.refused("put_targets", Rule="r", Targets=[{"Id": "t", "Arn": stream}]) == (
        INVALID,
        f"RoleArn is required for target {stream}.",
    )


def test_bus_targets_want_a_role(api, api_with):
    """As on AWS today, of the same account too; `bus_target_role_required` turns it back."""
    target = {"Id": "t", "Arn": BUS + "b"}
    assert api.refused("put_targets", Rule="r", Targets=[target]) == (
        INVALID,
        f"RoleArn is required for target {BUS}b.",
    )
    put(api, target | {"RoleArn": ROLE})
    lenient = api_with(bus_target_role_required=0)
    lenient.put_rule(Name="r", EventPattern=PATTERN)
    put(lenient, target)
    elsewhere = {"Id": "t", "Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/default"}
    assert lenient.refused("put_targets", Rule="r", Targets=[elsewhere]) == (
        INVALID,
        f"RoleArn is required for target {elsewhere['Arn']}.",
    )


ABROAD = ("API Gateway API", "Kinesis stream", "Lambda function", "SNS topic", "SQS FIFO queue")
ABROAD += ("SQS queue",)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_some_kinds_may_belong_to_another_account(api, kind):
    """With a role of the rule's own account, in its own region; the others are denied (user guide)."""
    if "account" in kind.lacks or kind.name == "event bus":
        return
    target = example_target(kind)
    target["Arn"] = target["Arn"].replace("123456789012", "210987654321")
    if kind.role != "refused":
        target["RoleArn"] = ROLE
    denied = (
        DENIED,
        f"Access to the resource {target['Arn']} is denied. "
        "Reason: Adding cross-account target is not permitted.",
    )
    if kind.name in ABROAD:
        assert put(api, target) == DONE
        target["Arn"] = target["Arn"].replace("us-east-1", "eu-west-1")
        denied = (
            INVALID,
            f"Access to the resource {target['Arn']} is denied. "
            "Reason: Adding cross-region target is not permitted.",
        )
    assert api.refused("put_targets", Rule="r", Targets=[target]) == denied


def test_a_target_is_kept_as_it_was_when_it_is_put(api):
    """What a listing answers can be changed by its receiver without changing the target."""
    put(api, {})
    listed(api)[0]["Arn"] = "changed"
    assert listed(api) == [{"Id": "t", "Arn": QUEUE}]
