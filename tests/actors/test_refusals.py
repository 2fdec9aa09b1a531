"""What services say when they refuse, and dead letters that no queue can take."""

from __future__ import annotations

import re
from typing import Any

import pytest

import simbridge as sb
from simbridge.model.error_codes import ERROR_CODES, RETRIED
from simbridge.targets import REFUSALS

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:target"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:target"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:target"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

BY_SQS = "(Service: AmazonSQS; Status Code: {}; Error Code: {}; Request ID: <uuid>; Proxy: null)"
BY_KMS = "(Service: AWSKMS; Status Code: 400; Error Code: {}; Request ID: <uuid>; Proxy: null)"
NOT_ALLOWED = "User: events.amazonaws.com is not authorized to perform: "
NO_POLICY = (
    f"{NOT_ALLOWED}sqs:sendmessage on resource: {QUEUE} because no resource-based policy allows "
    f"the sqs:sendmessage action {BY_SQS.format(403, 'AccessDenied')}"
)
NO_QUEUE = "The specified queue does not exist or you do not have access to it. " + BY_SQS.format(
    400, "AWS.SimpleQueueService.NonExistentQueue"
)
NO_KEY = (
    f"arn:aws:kms:us-east-1:{ACCOUNT}:key/<uuid> is disabled. {BY_KMS.format('DisabledException')} "
    + BY_SQS.format(400, "KMS.DisabledException")
)
NO_TOPIC_POLICY = (
    f"{NOT_ALLOWED}SNS:Publish on resource: {TOPIC} because no resource-based policy allows the "
    "SNS:Publish action (Service: AmazonSNS; Status Code: 403; Error Code: AuthorizationError; "
    "Request ID: <uuid>; Proxy: null)"
)


def world_with(arn: str, count: int = 1, **target: Any) -> sb.World:
    """A world whose rule delivers to this ARN, with a queue for dead letters and events under way."""
    world = sb.World(seed=3)
    events = world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    dead = {"DeadLetterConfig": {"Arn": world.queue("dead").arn}}
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn, **dead, **target}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}] * count)
    return world


def letters(world: sb.World) -> list[tuple[str, str]]:
    """Code and message of each dead letter."""
    world.settle()
    found = [message.attributes for message in world.queue("dead").receive()]
    return [(letter["ERROR_CODE"], letter["ERROR_MESSAGE"]) for letter in found]


def refused(arn: str, error: str, text: str = "") -> tuple[str, str]:
    """The only dead letter of a target that fails, its ids replaced."""
    world = world_with(arn)
    world.stand_in(arn).fails(error, text=text)
    ((code, message),) = letters(world)
    return code, UUID.sub("<uuid>", message)


@pytest.mark.parametrize(
    ("arn", "error", "code", "text"),
    [
        (QUEUE, "NO_PERMISSIONS", "NO_PERMISSIONS", NO_POLICY),
        (QUEUE, "AccessDenied", "NO_PERMISSIONS", NO_POLICY),
        (QUEUE, "NO_RESOURCE", "NO_RESOURCE", NO_QUEUE),
        (QUEUE, "KMS.DisabledException", "NO_RESOURCE", NO_KEY),
        (TOPIC, "NO_PERMISSIONS", "NO_PERMISSIONS", NO_TOPIC_POLICY),
        (TOPIC, "NO_RESOURCE", "NO_RESOURCE", ERROR_CODES["NO_RESOURCE"].text),
        (FUNCTION, "NO_PERMISSIONS", "NO_PERMISSIONS", ERROR_CODES["NO_PERMISSIONS"].text),
    ],
)
def test_the_words_of_a_service(arn: str, error: str, code: str, text: str) -> None:
    """As captured, by the service's own error or EventBridge's code; ours where none are known."""
    assert refused(arn, error) == (code, text)


def test_the_policy_of_a_key() -> None:
    """Both services are quoted, each with a request of its own."""
    code, text = refused(QUEUE, "KMS.AccessDeniedException")
    assert code == "NO_PERMISSIONS"
    assert text.startswith(f"{NOT_ALLOWED}kms:GenerateDataKey on this resource because ")
    quoted = BY_KMS.format("AccessDeniedException")
    assert text.endswith(f" {quoted} {BY_SQS.format(400, 'KMS.AccessDeniedException')}")


def test_words_of_ones_own_stay_as_they_are() -> None:
    """Braces included."""
    assert refused(QUEUE, "NO_PERMISSIONS", "not {arn}") == ("NO_PERMISSIONS", "not {arn}")
    assert refused(QUEUE, "KMS.DisabledException", "off") == ("NO_RESOURCE", "off")


@pytest.mark.parametrize("arn", [TOPIC, FUNCTION])
def test_an_error_of_another_service_is_none(arn: str) -> None:
    """A topic has no KMS error that is known; the message says what there is."""
    with pytest.raises(sb.SimbridgeError, match=r"no delivery fails with 'KMS\.Disabled"):
        sb.World().stand_in(arn).fails("KMS.DisabledException")


def test_request_ids_differ_and_are_the_same_in_every_run() -> None:
    """One for each event; two runs of one seed have the same."""
    runs = []
    for _ in range(2):
        world = world_with(QUEUE, count=3)
        world.queue("target").fails("NO_PERMISSIONS")
        runs.append(letters(world))
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3


def test_scripts_and_shares_say_the_same() -> None:
    """However a stand-in comes to refuse."""
    for how in ("script", "share", "function"):
        world = world_with(QUEUE)
        queue = world.queue("target")
        if how == "share":
            queue.fails("NO_PERMISSIONS", rate=1 - 1e-9)
        else:
            script = sb.scripted(["NO_PERMISSIONS"])
            queue.behaves(script if how == "script" else lambda invocation: "NO_PERMISSIONS")
        ((code, text),) = letters(world)
        assert (code, UUID.sub("<uuid>", text)) == ("NO_PERMISSIONS", NO_POLICY)


def test_a_queue_that_is_not_there() -> None:
    """The dead letter quotes SQS; the timeline says what to do about it."""
    world = world_with(QUEUE)
    ((code, text),) = letters(world)
    assert (code, UUID.sub("<uuid>", text)) == ("NO_RESOURCE", NO_QUEUE)
    assert "NO_RESOURCE: no target is registered at" in str(world.trace)


def test_refusals_are_not_retried() -> None:
    """Each row has a code of EventBridge's that ends the delivery, and its words can be filled in."""
    assert {row.code for row in REFUSALS} <= set(ERROR_CODES) - RETRIED
    assert len({(row.service, row.error) for row in REFUSALS}) == len(REFUSALS)


@pytest.mark.parametrize(
    "target",
    [
        {"Input": ""},
        {
            "InputTransformer": {
                "InputPathsMap": {"v": "$.detail.nothing"},
                "InputTemplate": "<v>",
            }
        },
    ],
)
@pytest.mark.parametrize("arn", [QUEUE, FUNCTION])
def test_no_dead_letter_is_empty(target: dict[str, Any], arn: str) -> None:
    """An input that renders to nothing arrives nowhere (captured); it is dropped, and `why` says so."""
    world = world_with(arn, **target)
    world.stand_in(arn)
    world.run(hours=25)
    assert not world.stand_in(arn).messages
    assert not world.queue("dead").messages
    (delivery,) = world.trace.deliveries()
    assert (delivery.outcome, delivery.error_code) == ("dropped", "INVALID_JSON")
    told = str(world.trace.why(delivery.event.id))
    assert (
        "dropped: INVALID_JSON; its dead-letter queue dead refuses it: INVALID_PARAMETER: "
        "The request must contain the parameter MessageBody." in told
    )
    assert world.metrics("FailedInvocations", rule="r").sum == 1
    assert world.metrics("InvocationsFailedToBeSentToDlq", rule="r").sum == 1


def test_a_blank_dead_letter_is_one() -> None:
    """A queue takes blanks."""
    world = world_with(FUNCTION, Input=" ")
    ((code, _),) = letters(world)
    assert (code, world.queue("dead").messages) == ("INVALID_JSON", [" "])
