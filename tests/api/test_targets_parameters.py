"""What PutTargets takes and refuses in the parameter blocks of each kind of target (fidelity 5.2, 5.3)."""

from __future__ import annotations

import re

import pytest
from target_requests import (
    API,
    BATCH,
    DONE,
    ECS,
    INVALID,
    QUEUE,
    ROLE,
    TASK,
    ecs,
    put,
    with_rule,
)

REDSHIFT = "arn:aws:redshift:us-east-1:123456789012:cluster:c"


@pytest.fixture
def api(api):
    """An API with a rule `r` on the default bus, and a bus `b`."""
    return with_rule(api)


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


@pytest.mark.parametrize(("target", "text"), BLOCK_REFUSALS.values(), ids=BLOCK_REFUSALS)
def test_put_refuses_parameters(api, target, text):
    """The block of another kind of target, or values beyond its own bounds; nothing is added."""
    targets = [{"Id": "good", "Arn": QUEUE}, {"Id": "t", "Arn": QUEUE} | target]
    assert api.refused("put_targets", Rule="r", Targets=targets) == (INVALID, text)


@pytest.mark.parametrize(
    "target",
    [
        batch(ArrayProperties={"Size": 2}, RetryStrategy={"Attempts": 10}),
        batch(ArrayProperties={}, RetryStrategy={}),
        redshift(Sqls=["a", "b"], DbUser="u"),
        redshift(Sql="a"),
    ],
)
def test_put_accepts_jobs_and_statements(api, target):
    """At the bounds, and with what may be left out left out."""
    assert put(api, target) == DONE


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
def test_the_value_of_a_header_is_not_checked(api, value):
    """PutTargets accepts an empty one and one of two lines (captured), against the model."""
    assert put(api, http(HeaderParameters={"h": value})) == DONE
