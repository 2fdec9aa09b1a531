"""Targets of rules (fidelity 2.5, 5.1, 5.2, 8.4, 11.5)."""

from __future__ import annotations

import pytest
from target_requests import (
    API,
    BATCH,
    BUS,
    DONE,
    ECS,
    FIFO,
    INVALID,
    LOGS,
    PATTERN,
    QUEUE,
    ROLE,
    TASK,
    TEMPLATE,
    TOPIC,
    put,
    with_rule,
)

from simbridge.model.messages import Configure
from simbridge.targets import KINDS
from simbridge.targets.reference import example_target

DENIED = "AccessDeniedException"
MALFORMED = "Parameter {} is not valid. Reason: Provided Arn is not in correct format."


@pytest.fixture
def api(api):
    """An API with a rule `r` on the default bus, and a bus `b`."""
    return with_rule(api)


def listed(api):
    return api.list_targets_by_rule(Rule="r")["Targets"]


def test_put_sends_the_whole_rule_to_the_bus(api):
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
    """Unknown ids are no error; the bus receives the rule without the targets."""
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
    assert text.endswith(
        f"]' at '{member}' failed to satisfy constraint: "
        "Member must have length less than or equal to 100"
    )
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
    ],
)
def test_put_accepts(api, target):
    """Other buses wherever they are, foreign dead-letter queues, ARNs without an account."""
    assert put(api, target) == DONE
    assert listed(api) == [{"Id": "t", "Arn": QUEUE} | target]


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


def test_the_order_of_the_checks(api):
    """The form of the request, then the rule, then each target: ARN, role, parameters, input, DLQ."""
    wrong = {
        "Id": "t",
        "Arn": BATCH,
        "RoleArn": "role",
        "EcsParameters": TASK,
        "Input": "no",
        "DeadLetterConfig": {"Arn": TOPIC},
    }

    def refusal(rule="r", **fixed):
        return api.refused("put_targets", Rule=rule, Targets=[wrong | fixed])[1]

    assert refusal("none", Id="a b").startswith("1 validation error detected")
    assert refusal("none") == "Rule none does not exist on EventBus default."
    assert refusal(Arn="x") == MALFORMED.format("x")
    assert refusal() == MALFORMED.format("role")
    wrong["RoleArn"] = ROLE
    assert refusal() == "Parameter(s) EcsParameters not supported for target: t"
    del wrong["EcsParameters"]
    assert refusal() == "Parameter(s) BatchParameters must be specified for target: t."
    wrong["BatchParameters"] = {"JobDefinition": "d", "JobName": "j"}
    assert refusal().startswith("JSON syntax error in input for target t")
    wrong["Input"] = "{}"
    assert refusal() == "sns is not supported as a dead letter resource"
    wrong["DeadLetterConfig"] = {"Arn": QUEUE}
    put(api, wrong)


@pytest.mark.parametrize("wrong", ["a b", "", "x" * 65])
def test_ids_in_a_list_are_refused_at_the_list(api, wrong):
    """All rules for one are in brackets, the lengths first (captured for path values)."""
    ids = ["t", wrong]
    assert api.refused("remove_targets", Rule="r", Ids=ids) == (
        INVALID,
        f"1 validation error detected: Value '[{', '.join(ids)}]' at 'ids' failed to satisfy "
        f"constraint: Member must satisfy constraint: [Member must have length less than or equal to 64, "
        "Member must have length greater than or equal to 1, "
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
