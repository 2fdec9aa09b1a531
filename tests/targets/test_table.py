"""The table of everything that rules deliver to (fidelity 5.2)."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import runpy
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simbridge.model import arn as arns
from simbridge.targets import (
    BLOCKS,
    FAILURES,
    FITS_ANYWHERE_CHARS,
    KINDS,
    FailureKind,
    Sending,
    failure,
    is_service,
    kind_of,
    request,
    services,
)

RULE = "arn:aws:events:us-east-1:123456789012:rule/orders"
ECS = {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1"}

# The requests that the tests of the single services have written out.
CASES = {
    f"{path.stem}, {name}": case
    for path in sorted((Path(__file__).parent / "services").glob("test_*.py"))
    for name, case in runpy.run_path(str(path))["CASES"].items()
}

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
    return arns.Arn("aws", service, region, "123456789012", resource)


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
        if kind_of(arns.Arn("aws", service, *place, resource)) is kind
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
    """A block that AWS adds to the model shows up here until a service declares it."""
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


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.when)
def test_failures_have_codes_that_aws_does_not_retry(kind):
    """And a text in which every gap is filled."""
    gaps = dict.fromkeys(re.findall(r"(?<!\{)\{(\w+)\}", kind.text), "?")
    error, text = kind.because(**gaps)
    whole_group = kind.text.startswith("The specified log group")
    assert error == ("NO_RESOURCE" if whole_group else "INVALID_PARAMETER")
    assert text and "{{" not in text


def test_every_failure_of_a_module_is_in_its_row():
    """A failure that its module forgets to list would be missing in the documentation."""
    names = [module.name for module in pkgutil.iter_modules(services.__path__)]
    assert len(names) > 20
    for name in names:
        module = importlib.import_module(f"{services.__name__}.{name}")
        for thing in vars(module).values():
            assert not isinstance(thing, FailureKind) or thing in FAILURES, name


def arn_of(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


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


def test_every_kind_but_the_bus_has_a_case() -> None:
    """A new service needs cases in `services/`; buses are real and receive the event itself."""
    covered = {
        kind.name
        for service, resource, *_ in CASES.values()
        if (kind := kind_of(arns.parse(arn_of(service, resource)))) is not None
    }
    assert covered == {kind.name for kind in KINDS} - {"event bus"}


def test_bounds_count_bytes_of_the_event_as_it_is_written() -> None:
    """An event without a transform is measured with its envelope, in UTF-8."""
    kind = next(kind for kind in KINDS if kind.name == "SQS queue")
    frame = len('{"id":"i","detail":""}')
    sending = Sending(
        arns.parse(arn_of("sqs", "q")),
        {},
        {"id": "i", "detail": "ä" * ((1_048_576 - frame) // 2)},
        None,
        arns.parse(RULE),
    )
    assert len(sending.text.encode()) == 1_048_576
    assert failure(kind, sending) is None
    longer = sending._replace(envelope={"id": "ii", "detail": sending.envelope["detail"]})
    assert failure(kind, longer) is not None


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
    address = arns.parse(arn_of(service, resource))
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
