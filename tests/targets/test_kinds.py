"""The catalogue of target types (fidelity 5.2)."""

from __future__ import annotations

import re

import botocore.session
import pytest

from simbridge.model import arn
from simbridge.targets import (
    BLOCKS,
    FAILURES,
    FITS_ANYWHERE_CHARS,
    KINDS,
    failed,
    is_service,
    kind_of,
)

EXAMPLES = {
    "Lambda function": ("lambda", "function:pay", "function:pay:live"),
    "SNS topic": ("sns", "topic"),
    "SQS FIFO queue": ("sqs", "orders.fifo"),
    "SQS queue": ("sqs", "orders", "fifo"),
    "CloudWatch Logs group": ("logs", "log-group:/aws/events/x"),
    "Kinesis stream": ("kinesis", "stream/s"),
    "Firehose stream": ("firehose", "deliverystream/s"),
    "Step Functions state machine": ("states", "stateMachine:m", "stateMachine:m:live"),
    "ECS cluster": ("ecs", "cluster/c"),
    "Batch queue": ("batch", "job-queue/q"),
    "CodeBuild project": ("codebuild", "project/p"),
    "CodePipeline pipeline": ("codepipeline", "p"),
    "SSM Run Command": ("ssm", "document/d"),
    "SSM Automation": ("ssm", "automation-definition/d:$DEFAULT", "automation-definition/d"),
    "SSM OpsItem": ("ssm", "opsitem"),
    "Incident Manager plan": ("ssm-incidents", "response-plan/p"),
    "Inspector template": ("inspector", "target/0-a/template/0-b"),
    "Redshift cluster": ("redshift", "cluster:c"),
    "Redshift workgroup": ("redshift-serverless", "workgroup/w"),
    "SageMaker pipeline": ("sagemaker", "pipeline/p"),
    "AppSync API": ("appsync", "endpoints/graphql-api/a"),
    "Glue workflow": ("glue", "workflow/w"),
    "Image Builder pipeline": ("imagebuilder", "image-pipeline/p"),
    "API Gateway API": ("execute-api", "a/prod/POST/orders/*", "a/prod/GET/", "a/prod"),
    "API destination": ("events", "api-destination/d/0-1-2"),
    "event bus": ("events", "event-bus/b", "event-bus/aws.partner/p/n"),
}

ROLE_REQUIRED = {
    "batch",
    "codebuild",
    "codepipeline",
    "ecs",
    "events",
    "firehose",
    "glue",
    "inspector",
    "kinesis",
    "redshift",
    "redshift-serverless",
    "sagemaker",
    "ssm",
    "ssm-incidents",
    "states",
}


def made(service, resource, region="us-east-1"):
    return arn.Arn("aws", service, region, "123456789012", resource)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_recognised_by_its_arn(kind):
    """Every row has examples, and they find that row and no other."""
    service, *resources = EXAMPLES[kind.name]
    assert is_service(service)
    for resource in resources:
        assert kind_of(made(service, resource)) is kind


@pytest.mark.parametrize(
    ("service", "resource"),
    [
        ("lambda", "layer:x"),
        ("sqs", "a:b"),
        ("logs", "log-group:g:log-stream:s"),
        ("logs", "log-group:g*"),
        ("logs", "log-group:g:*:*"),
        ("states", "activity:a"),
        ("events", "rule/r"),
        ("events", "event-bus/"),
        ("s3", "bucket"),
    ],
)
def test_other_arns_are_no_targets(service, resource):
    """A known service is not enough: the resource must be of a kind that events go to."""
    assert kind_of(made(service, resource)) is None
    assert kind_of(made("sqs", "q", region="moon-1")) is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_arn_says_where_its_target_is(kind):
    """Region and account, except that Amazon's own documents have no account and plans no region."""
    service, resource = EXAMPLES[kind.name][:2]
    lacking = {
        part
        for part, place in {"region": ("", "123456789012"), "account": ("us-east-1", "")}.items()
        if kind_of(arn.Arn("aws", service, *place, resource)) is kind
    }
    documents = {"SSM Run Command", "SSM Automation"}
    plan = {"region"} if kind.name == "Incident Manager plan" else set()
    assert lacking == ({"account"} if kind.name in documents else plan)


def test_what_is_called_by_http_has_five_seconds():
    """The documented timeout of API Gateway and of API destinations; others are not hurried."""
    assert {kind.name: kind.timeout_us for kind in KINDS if kind.timeout_us is not None} == {
        "API Gateway API": 5_000_000,
        "API destination": 5_000_000,
    }


PAYLOAD_BYTES_MAX = {
    "Lambda function": 1_048_576,
    "SNS topic": 262_144,
    "SQS FIFO queue": 1_048_576,
    "SQS queue": 1_048_576,
    "CloudWatch Logs group": 262_118,  # 256 KiB less the 26 bytes that each log event counts for
    "Kinesis stream": 1_048_576,
    "Firehose stream": 1_024_000,
    "Step Functions state machine": 262_144,
    "ECS cluster": 8192,
}


def test_payloads_are_bounded_by_the_quotas_of_the_called_services():
    """In bytes; the others take whatever an event can hold."""
    bounds = {kind.name: kind.payload_bytes_max for kind in KINDS}
    assert {name: most for name, most in bounds.items() if most is not None} == PAYLOAD_BYTES_MAX


def test_roles_are_demanded_where_the_service_was_measured_to():
    """The services that refuse a target without a role (lint), event buses left to a setting."""
    required = {kind.service for kind in KINDS if kind.role == "required"}
    assert required == ROLE_REQUIRED
    assert [kind.name for kind in KINDS if kind.role == "refused"] == ["CloudWatch Logs group"]


def test_every_parameter_block_of_the_service_model_belongs_to_a_kind():
    """A block that AWS adds to the model shows up here until the catalogue knows it."""
    model = botocore.session.get_session().get_service_model("events")
    members = model.shape_for("Target").members
    blocks = {name for name in members if re.search(r"Parameters$", name)}
    assert blocks == {*BLOCKS, "SqsParameters"}
    assert {kind.block for kind in KINDS if kind.block} == blocks


def test_inputs_are_refused_by_three_kinds_only():
    """And each of them says so in words that name the target."""
    partial = {kind.name: kind.inputs for kind in KINDS if len(kind.inputs) < 3}
    assert partial == {
        "CloudWatch Logs group": ("InputTransformer",),
        "ECS cluster": ("Input", "InputTransformer"),
        "event bus": (),
    }
    for kind in KINDS:
        assert ("{id}" in kind.refusal) == (kind.name in partial)


def test_short_payloads_fit_every_kind_that_is_not_asked():
    """Whatever is written out sixteen times as long as it came still fits."""
    for kind in KINDS:
        if not kind.may_fail({"Arn": "a"}) and kind.payload_bytes_max is not None:
            assert kind.payload_bytes_max >= FITS_ANYWHERE_CHARS * 16


@pytest.mark.parametrize("name", FAILURES)
def test_failures_have_codes_that_aws_does_not_retry(name):
    """And a text in which every gap is filled."""
    gaps = dict.fromkeys(re.findall(r"(?<!\{)\{(\w+)\}", FAILURES[name].text), "?")
    failure = failed(name, **gaps)
    code = "NO_RESOURCE" if name == "whole log group" else "INVALID_PARAMETER"
    assert failure.error == code
    assert failure.text and "{{" not in failure.text
