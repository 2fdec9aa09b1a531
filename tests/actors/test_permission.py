"""Resource policies of targets and dead-letter queues: who is let in, which statement says so."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

import simbridge as sb
from simbridge.model.error_codes import ERROR_CODES
from simbridge.model.messages import Declined, Permit

ACCOUNT, OTHER = "123456789012", "210987654321"
PLACE = f"us-east-1:{ACCOUNT}"
QUEUE = f"arn:aws:sqs:{PLACE}:orders"
RULE = f"arn:aws:events:{PLACE}:rule/r"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deliver"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOBODY: dict[str, Any] = {"Statement": []}


def statement(arn: str, action: str = "sqs:SendMessage", **fields: Any) -> dict[str, Any]:
    service = {"Service": "events.amazonaws.com"}
    return {
        "Effect": "Allow",
        "Principal": service,
        "Action": action,
        "Resource": arn,
        **fields,
    }


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def put(world: sb.World, *, rule: str = "r", **target: Any) -> str:
    """Put an event to a rule with this target, and let it be delivered; the event's id."""
    events = world.client()
    events.put_rule(Name=rule, EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule=rule, Targets=[{"Id": "t", **target}])
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    answer = events.put_events(Entries=[entry])
    world.settle()
    return str(answer["Entries"][0]["EventId"])


def end(world: sb.World) -> tuple[str, str | None]:
    delivery = world.trace.deliveries()[-1]
    return delivery.outcome, delivery.error_code


DELIVERED, REFUSED = ("delivered", None), ("dropped", "NO_PERMISSIONS")


@pytest.mark.parametrize(
    ("condition", "delivered"),
    [
        ({}, True),
        ({"ArnEquals": {"aws:SourceArn": RULE}}, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
        ({"StringEquals": {"aws:SourceAccount": "000000000000"}}, False),
        *(
            ({"StringEquals": {"aws:PrincipalType": kind}}, kind == "User")
            for kind in ("AWSService", "Service", "Account", "AssumedRole", "Role", "User")
        ),
        ({"StringEquals": {"aws:PrincipalServiceName": "events.amazonaws.com"}}, True),
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, True),
        ({"ArnLike": {"AWS:SourceArn": f"arn:aws:events:{PLACE}:rule/*"}}, True),
        ({"ArnEquals": {"aws:SourceArn": RULE + "2"}}, False),
        ({"Null": {"aws:PrincipalOrgID": "true"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, False),
        ({"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"StringEquals": {"AWS:SourceOwner": ACCOUNT}}, False),
    ],
)
def test_the_conditions_of_a_queue(condition: dict[str, Any], delivered: bool) -> None:
    """As captured for the first sixteen; the rest by the documentation of the condition keys."""
    world = sb.World(organizations={"o-a1b2c3d4e5": [ACCOUNT]})
    world.queue("orders", policy=policy(statement(QUEUE, Condition=condition)))
    put(world, Arn=QUEUE)
    assert end(world) == (DELIVERED if delivered else REFUSED)


TOPIC = f"arn:aws:sns:{PLACE}:alerts"
FUNCTION = f"arn:aws:lambda:{PLACE}:function:pay"
GROUP = f"arn:aws:logs:{PLACE}:log-group:/aws/events/x"
API = f"arn:aws:execute-api:{PLACE}:a1/prod/POST/orders"
LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]


@pytest.mark.parametrize(
    ("arn", "actions", "resource"),
    [
        (QUEUE, ["sqs:SendMessage"], QUEUE),
        (TOPIC, ["sns:Publish"], TOPIC),
        (FUNCTION, ["lambda:InvokeFunction"], FUNCTION),
        (GROUP, LOGS, f"{GROUP}:*"),
        (API, ["execute-api:Invoke"], f"arn:aws:execute-api:{PLACE}:a1/prod/*/*"),
    ],
)
def test_each_service_wants_its_actions(arn: str, actions: list[str], resource: str) -> None:
    """All of them; a policy that leaves out one of them, or is of another resource, refuses."""
    whole = policy({**statement(resource), "Action": actions})
    for given, wanted in [
        (whole, DELIVERED),
        (policy({**statement(resource), "Action": actions[0][:-1]}), REFUSED),
        (policy({**statement(f"{resource}x"), "Action": actions}), REFUSED),
        (NOBODY, REFUSED),
        (None, DELIVERED),
    ]:
        world = sb.World()
        world.stand_in(arn, policy=given)
        put(world, Arn=arn)
        assert end(world) == wanted
    if len(actions) > 1:
        world = sb.World()
        world.stand_in(arn, policy=policy({**statement(resource), "Action": actions[0]}))
        put(world, Arn=arn)
        assert end(world) == REFUSED


@pytest.mark.parametrize("arn", [QUEUE, TOPIC, FUNCTION, GROUP, API, QUEUE + ".fifo"])
def test_enforce_denies_by_default(arn: str) -> None:
    """A target without a policy lets nobody in, whoever made its stand-in; the explanation says so."""
    fifo = {"SqsParameters": {"MessageGroupId": "g"}} if arn.endswith(".fifo") else {}
    for stand_ins in ("strict", "auto"):
        world = sb.World(permissions="enforce", stand_ins=stand_ins)
        if stand_ins == "strict":
            world.stand_in(arn)
        event = put(world, Arn=arn, **fifo)
        assert end(world) == REFUSED
        assert "has no policy, and permissions='enforce' requires one" in str(
            world.trace.why(event)
        )


def test_enforce_leaves_targets_with_a_role_alone() -> None:
    """A state machine has no resource policy; the permissions of roles are not simulated."""
    world = sb.World(permissions="enforce", stand_ins="auto")
    put(world, Arn=f"arn:aws:states:{PLACE}:stateMachine:s", RoleArn=ROLE)
    assert end(world) == DELIVERED


def test_the_words_of_the_services() -> None:
    """A queue's are captured; an explicit deny ends AWS's sentence as AWS does; a function's are unknown."""
    said = f"User: events.amazonaws.com is not authorized to perform: sqs:sendmessage on resource: {QUEUE} "
    end_of_it = "(Service: AmazonSQS; Status Code: 403; Error Code: AccessDenied; Request ID: <uuid>; Proxy: null)"
    deny = statement(QUEUE, Effect="Deny", Principal="*")
    for given, reason in [
        (NOBODY, "because no resource-based policy allows the sqs:sendmessage action"),
        (policy(statement(QUEUE), deny), "with an explicit deny in a resource-based policy"),
    ]:
        assert _letter(QUEUE, given) == f"{said}{reason} {end_of_it}"
    assert _letter(FUNCTION, NOBODY) == ERROR_CODES["NO_PERMISSIONS"].text


def _letter(arn: str, given: dict[str, Any]) -> str:
    """The ERROR_MESSAGE of the dead letter, its request id replaced."""
    world = sb.World()
    world.stand_in(arn, policy=given)
    dead = world.queue("dead")
    put(world, Arn=arn, DeadLetterConfig={"Arn": dead.arn})
    (message,) = dead.receive()
    assert message.attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "RETRY_ATTEMPTS" not in message.attributes
    return UUID.sub("<uuid>", message.attributes["ERROR_MESSAGE"])


def test_why_names_the_statement() -> None:
    """The one that allows, that denies, or what differs in each that does not allow."""
    other = statement(
        QUEUE, Sid="AllowRule", Condition={"ArnEquals": {"aws:SourceArn": RULE + "2"}}
    )
    wrong = statement(QUEUE, Principal={"AWS": f"arn:aws:iam::{OTHER}:root"})
    receive = statement(QUEUE, "sqs:ReceiveMessage")
    elsewhere = statement(f"{QUEUE}-2")
    allow, deny = statement(QUEUE, Sid="Open"), statement(QUEUE, Effect="Deny", Sid="Never")
    for given, explained in [
        (policy(other, allow), "statement 'Open' of the policy of orders allows it"),
        (policy(receive, statement(QUEUE)), "statement 2 of the policy of orders allows it"),
        (policy(allow, deny), "statement 'Never' of the policy of orders denies it"),
        (policy(deny), "statement 'Never' of the policy of orders denies it"),
        (NOBODY, "the policy of orders has no statement that allows anything"),
        (
            policy(other, wrong, receive, elsewhere),
            "the policy of orders does not allow it: "
            f"statement 'AllowRule': aws:SourceArn is {RULE}, wanted {RULE}2; "
            "statement 2: the principal is events.amazonaws.com, "
            f"wanted arn:aws:iam::{OTHER}:root; "
            "statement 3: the action is sqs:SendMessage, wanted sqs:ReceiveMessage; "
            f"statement 4: the resource is {QUEUE}, wanted {QUEUE}-2",
        ),
        (policy(*[receive] * 7), "; and 2 more statements"),
    ]:
        world = sb.World()
        world.queue("orders", policy=given)
        event = put(world, Arn=QUEUE)
        assert explained in str(world.trace.why(event))
        assert explained in str(world.trace)
        thin = sb.World(trace="outcomes")
        thin.queue("orders", policy=given)
        assert explained in str(thin.trace.why(put(thin, Arn=QUEUE)))


def test_a_dead_letter_queue_that_forgets_the_rule_loses_the_event() -> None:
    """The refusal is not repeated, the metric counts it, and why says which queue and why."""
    world = sb.World()
    condition = {"ArnEquals": {"aws:SourceArn": RULE + "-old"}}
    arn = f"arn:aws:sqs:{PLACE}:dead"
    dead = world.queue("dead", policy=policy(statement(arn, Sid="Rules", Condition=condition)))
    event = put(world, Arn=QUEUE, DeadLetterConfig={"Arn": arn})
    assert end(world) == ("dropped", "NO_RESOURCE")
    assert dead.messages == []
    assert world.metrics("InvocationsFailedToBeSentToDlq", rule="r").sum == 1
    assert world.metrics("FailedInvocations", rule="r").sum == 1
    assert (
        "its dead-letter queue dead refuses it: NO_PERMISSIONS: the policy of dead does not allow it: "
        f"statement 'Rules': aws:SourceArn is {RULE}, wanted {RULE}-old"
    ) in str(world.trace.why(event))

    dead.policy = policy(statement(arn, Condition={"ArnLike": {"aws:SourceArn": f"{RULE}*"}}))
    put(world, Arn=QUEUE, DeadLetterConfig={"Arn": arn})
    assert end(world) == ("dead-lettered", "NO_RESOURCE")


def test_a_role_in_its_own_account_needs_no_statement() -> None:
    """It can be denied, though; a dead letter is sent by EventBridge itself."""
    denied = policy(statement(QUEUE, Effect="Deny", Principal={"AWS": ROLE}))
    for given, wanted in [(NOBODY, DELIVERED), (denied, REFUSED)]:
        world = sb.World(permissions="enforce")
        world.queue("orders", policy=given)
        put(world, Arn=QUEUE, RoleArn=ROLE)
        assert end(world) == wanted
        put(world, rule="r2", Arn=f"{QUEUE}-2", RoleArn=ROLE, DeadLetterConfig={"Arn": QUEUE})
        assert end(world) == ("dropped", "NO_RESOURCE")


def test_a_role_of_another_account_needs_a_statement() -> None:
    """By its ARN, its account or its organization; it is no AWS service and has no source."""
    queue = f"arn:aws:sqs:us-east-1:{OTHER}:orders"
    organization = {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}
    source = {"ArnLike": {"aws:SourceArn": "*"}}
    for fields, wanted in [
        ({"Principal": {"AWS": ROLE}}, DELIVERED),
        ({"Principal": {"AWS": ACCOUNT}}, DELIVERED),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, DELIVERED),
        ({"Principal": "*", "Condition": organization}, DELIVERED),
        ({"Principal": "*", "Condition": source}, REFUSED),
        ({}, REFUSED),
        ({"NotPrincipal": {"AWS": OTHER}}, DELIVERED),
        ({"NotPrincipal": {"AWS": ROLE}}, REFUSED),
    ]:
        world = sb.World()
        world.organization("o-abc", accounts=[ACCOUNT])
        given = statement(queue, **fields)
        if "NotPrincipal" in fields:
            del given["Principal"]
        world.stand_in(queue, policy=policy(given))
        put(world, Arn=queue, RoleArn=ROLE)
        assert end(world) == wanted


def test_accounts_that_join_an_organization_later() -> None:
    """Earlier decisions are not remembered beyond it; a fork goes its own way."""
    world = sb.World()
    condition = {"StringEquals": {"aws:SourceOrgID": "o-abc"}}
    world.queue("orders", policy=policy(statement(QUEUE, Condition=condition)))
    put(world, Arn=QUEUE)
    assert end(world) == REFUSED
    branch = world.fork()
    world.organization("o-abc", accounts=[ACCOUNT])
    for each, wanted in [(world, DELIVERED), (branch, REFUSED)]:
        put(each, Arn=QUEUE)
        assert end(each) == wanted


def test_policies_change_in_the_order_of_everything_else() -> None:
    """What was put before arrives under the old policy; the change is a record; None asks the world again."""
    world = sb.World()
    orders = world.queue("orders", policy=NOBODY)
    assert orders.policy == NOBODY
    put(world, Arn=QUEUE)
    orders.policy = policy(statement(QUEUE))
    assert orders.policy == policy(statement(QUEUE))
    put(world, Arn=QUEUE)
    orders.policy = None
    put(world, Arn=QUEUE)
    assert [d.outcome for d in world.trace.deliveries()] == ["dropped", "delivered", "delivered"]
    changes = [record for record in world.trace if isinstance(record.message, Permit)]
    assert {record.to for record in changes} == {QUEUE} and len(changes) == 3
    lines = str(world.trace)
    for line in (
        "⚙ orders has a policy of 0 statements",
        "⚙ orders has a policy of 1 statement\n",
        "⚙ orders has no policy of its own any more",
    ):
        assert line in lines


def test_forks_and_pickles_keep_the_policy() -> None:
    """Each with the same future."""
    world = sb.World(permissions="enforce")
    world.queue("orders", policy=policy(statement(QUEUE)))
    digests = set()
    for each in (world.fork(), pickle.loads(pickle.dumps(world)), world):
        put(each, Arn=QUEUE)
        assert end(each) == DELIVERED
        put(each, rule="r2", Arn=f"{QUEUE}-2", DeadLetterConfig={"Arn": each.queue("dead").arn})
        assert end(each) == ("dropped", "NO_RESOURCE")
        digests.add(each.trace.digest())
    assert len(digests) == 1


def test_a_fifo_queue_is_asked_first() -> None:
    """Before deduplication: a duplicate is refused, too, and nothing is remembered of it."""
    world = sb.World()
    arn = f"{QUEUE}.fifo"
    fifo = world.queue("orders.fifo", policy=NOBODY)
    target = {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}, "Input": '"same"'}
    put(world, **target)
    assert end(world) == REFUSED
    fifo.policy = policy(statement(arn))
    put(world, **target)
    put(world, **target)
    assert end(world) == DELIVERED and len(fifo.messages) == 1
    fifo.policy = NOBODY
    put(world, **target)
    assert end(world) == REFUSED


def test_faults_come_after_the_policy() -> None:
    """A queue that throttles does so to those it lets in."""
    world = sb.World()
    orders = world.queue("orders", policy=NOBODY)
    orders.fails("THROTTLING", for_="1m")
    put(world, Arn=QUEUE)
    assert end(world) == REFUSED
    orders.policy = policy(statement(QUEUE))
    put(world, Arn=QUEUE)
    assert end(world) == ("pending", None)
    world.run(minutes=5)
    assert end(world) == DELIVERED


def test_lambda_sends_its_records_as_the_role_of_the_function() -> None:
    """In its own account no statement is needed, but one can deny; elsewhere one must allow."""
    role = f"arn:aws:iam::{ACCOUNT}:role/pay"
    deny = statement(QUEUE, Effect="Deny", Principal={"AWS": role}, Sid="Never")
    for arn, given, explained in [
        (QUEUE, NOBODY, None),
        (QUEUE, policy(deny), "statement 'Never' of the policy of orders denies it"),
        (f"arn:aws:sqs:us-east-1:{OTHER}:orders", NOBODY, "no statement that allows anything"),
    ]:
        world = sb.World()
        records = world.stand_in(arn, policy=given)
        pay = world.function("pay", lambda event: None, on_success=arn)
        event = put(world, Arn=pay.arn)
        refused = [record.message for record in world.trace if type(record.message) is Declined]
        assert len(records.messages) == (explained is None) != len(refused)
        if explained is not None:
            assert refused[0].error == "NO_PERMISSIONS" and explained in refused[0].text
            assert explained in str(world.trace.why(event))
