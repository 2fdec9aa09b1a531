"""The control plane: dispatch, the record of each call, the JSON protocol, the check of shapes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

import simbridge.api
from simbridge.api.model import HttpRequest, operation_names
from simbridge.api.plane import OPERATIONS, operation
from simbridge.base.errors import NotSimulated, ServiceError, SimbridgeError
from simbridge.model.messages import Call

HERE = Path(__file__).parent
PATTERN = '{"source":["a"]}'
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


def answer(api, name, body):
    """What comes back over HTTP: status, headers, decoded body."""
    request = HttpRequest(name, body, api.region)
    answered = api.plane.answer(request, account=api.account, sender="story", cause=0)
    return answered.status, answered.headers, json.loads(answered.body)


def calls(api):
    return [entry for entry in api.kernel.trace if isinstance(entry[5], Call)]


def test_every_operation_of_the_service_model_is_simulated():
    """And a function with `@operation` has the name of an operation of AWS."""
    assert set(OPERATIONS) == set(operation_names())


def test_every_module_of_the_package_is_imported():
    """A new module needs no edit anywhere else for its operations to be registered."""
    package = Path(simbridge.api.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    assert {f"simbridge.api.{module}" for module in modules} <= set(sys.modules)


def test_an_operation_is_defined_in_one_module():
    """A second module with a function of the same name is an error, whichever is imported first."""

    def put_rule(context, request):
        raise AssertionError

    with pytest.raises(
        TypeError, match=r"PutRule is defined in simbridge\.api\.rules and in .*test_"
    ):
        operation(put_rule)
    assert OPERATIONS["PutRule"].__module__ == "simbridge.api.rules"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_operation_is_called_by_a_test_of_its_module(name):
    """Whoever adds an operation adds its tests, in `test_MODULE.py` or `test_MODULE_ASPECT.py`."""
    function = OPERATIONS[name]
    module = function.__module__.rpartition(".")[2]
    files = [*HERE.glob(f"test_{module}.py"), *HERE.glob(f"test_{module}_*.py")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    called = re.compile(rf"\b{function.__name__}\(|\"{function.__name__}\"")
    assert any(called.search(text) for text in texts), f"no test in test_{module}.py calls {name}"


def test_other_operations_have_a_clear_error(api, monkeypatch):
    """One that AWS has and one that does not exist: neither error looks like an answer of AWS."""
    monkeypatch.delitem(
        OPERATIONS, "CreateConnection"
    )  # all are simulated; a newer botocore may have more
    with pytest.raises(NotSimulated, match=r"CreateConnection is an operation.*it simulates A"):
        api.create_connection()
    with pytest.raises(SimbridgeError, match="EventBridge has no operation 'PutRules'"):
        api.put_rules()
    assert calls(api) == []


def test_a_call_leaves_one_record_and_causes_what_it_sends(api):
    """The record has request and answer; its number is the cause of the messages."""
    api.put_rule(Name="r", EventPattern=PATTERN)
    [(_, sequence, cause, sender, to, call)] = calls(api)
    assert (cause, sender, to) == (0, "story", "api:us-east-1:123456789012")
    assert call.operation == "PutRule"
    assert call.request == {"Name": "r", "EventPattern": PATTERN}
    assert call.response == {"RuleArn": "arn:aws:events:us-east-1:123456789012:rule/r"}
    api.news()
    assert api.kernel.trace[-1][2] == sequence


def test_a_refused_call_is_recorded_with_its_refusal(api):
    """Code and words of the refusal, and no response."""
    code, text = api.refused("describe_rule", Name="r")
    [(*_, call)] = calls(api)
    assert (call.error, call.text, call.response) == (code, text, None)
    code, text = api.refused("put_rule", Name="r", EventPattern="[]")
    assert code == "InvalidEventPatternException"
    assert (calls(api)[-1][5].error, calls(api)[-1][5].text) == (code, text)


def test_answers_over_http(api):
    """Status, the two headers, and the error in the JSON protocol's form."""
    status, headers, body = answer(api, "DescribeRule", b'{"Name":"r"}')
    assert status == 400
    assert body == {
        "__type": "ResourceNotFoundException",
        "message": "Rule r does not exist on EventBus default.",
    }
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["x-amzn-requestid"])
    status, _, body = answer(api, "ListRules", b"{}")
    assert (status, body) == (200, {"Rules": []})


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"Name": "\\ud800"}', b"\xff", b"[" * 9999])
def test_a_body_that_is_no_request(api, body):
    """It is answered as AWS answers what it cannot read, and reaches no operation."""
    status, _, answered = answer(api, "ListRules", body)
    assert (status, answered["__type"]) == (400, "SerializationException")
    assert calls(api) == []


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"Rule": 1, "Ids": ["a"]}, "rule must be a string"),
        ({"Rule": "r", "Ids": "a"}, "ids must be a JSON array"),
        ({"Rule": "r", "Ids": ["a", {}]}, "ids.2.member must be a string"),
        ({"Rule": "r", "Ids": ["a"], "Force": 1}, "force must be a boolean"),
    ],
)
def test_a_wrong_type_does_not_reach_the_operation(api, request_, text):
    """As in the JSON protocol, where a value of another type cannot be read at all."""
    assert api.refused("remove_targets", **request_) == ("SerializationException", text)


def test_numbers_are_not_booleans(api):
    """`true` is no number, though Python thinks so."""
    assert api.refused("list_rules", Limit=True) == (
        "SerializationException",
        "limit must be an integer",
    )


def test_what_is_missing_and_what_is_null(api):
    """A required member that is not there is null to the service; other nulls are not there."""
    assert api.refused("put_targets", Targets=[{"Arn": QUEUE}, {"Id": "t", "Arn": None}]) == (
        "ValidationException",
        "3 validation errors detected: Value null at 'rule' failed to satisfy constraint: Member "
        "must not be null; Value null at 'targets.1.member.id' failed to satisfy constraint: "
        "Member must not be null; Value null at 'targets.2.member.arn' failed to satisfy "
        "constraint: Member must not be null",
    )
    assert api.list_rules(Limit=None, NamePrefix=None) == {"Rules": []}


def test_maps_are_checked_as_a_whole(api):
    """Keys that break a rule are reported at the map, with all rules of a key."""
    transformer = {"InputTemplate": "1", "InputPathsMap": {"aws.events.rule-name": "$.a"}}
    target = {"Id": "t", "Arn": QUEUE, "InputTransformer": transformer}
    code, text = api.refused("put_targets", Rule="r", Targets=[target])
    assert code == "ValidationException"
    assert text.startswith(
        "1 validation error detected: Value '{aws.events.rule-name=$.a}' at "
        "'targets.1.member.inputTransformer.inputPathsMap' failed to satisfy constraint: "
        "Map keys must satisfy constraint: ["
    )


def test_service_errors_survive_pickling():
    """A refusal keeps code, words and status when it travels between processes."""
    error = ServiceError("Code", "words", 500)
    function, arguments = error.__reduce__()
    copied = function(*arguments)
    assert (copied.code, copied.message, copied.status) == ("Code", "words", 500)
