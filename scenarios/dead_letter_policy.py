"""A dead-letter queue that refuses: the team renamed its rule, and the policy of the queue has the old name.

Nothing fails on the day of the change, because nothing needs the dead-letter queue. Weeks later the payment
service is deleted, and every order goes to the dead-letter queue. EventBridge may not send to it: it does not
try again, and the orders are lost. Only the metric InvocationsFailedToBeSentToDlq says so.
"""

import simbridge as sb

ORDER = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}


def policy_of(queue: str, rule: str) -> dict[str, object]:
    """The policy of a dead-letter queue that lets one rule in."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AllowRule",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
            }
        ],
    }


@sb.scenario(seed=1)
def dead_letter_policy(world: sb.World) -> None:
    """The policy of a dead-letter queue names a rule that is called something else now."""
    events = world.client("events")
    rule = events.put_rule(Name="orders-v2", EventPattern='{"source": ["shop"]}')["RuleArn"]
    kept = world.queue("kept")
    kept.policy = policy_of(kept.arn, rule.replace("orders-v2", "orders"))
    gone = "arn:aws:lambda:us-east-1:123456789012:function:pay"
    target = {"Id": "pay", "Arn": gone, "DeadLetterConfig": {"Arn": kept.arn}}
    events.put_targets(Rule="orders-v2", Targets=[target])
    answer = events.put_events(Entries=[ORDER])
    world.run(hours=25)

    (lost,) = world.trace.deliveries()
    assert (lost.outcome, lost.error_code) == ("dropped", "NO_RESOURCE")
    assert world.metrics("InvocationsFailedToBeSentToDlq", rule="orders-v2").sum == 1
    why = str(world.trace.why(answer["Entries"][0]["EventId"]))
    assert "its dead-letter queue kept refuses it: NO_PERMISSIONS" in why
    assert f"statement 'AllowRule': aws:SourceArn is {rule}, wanted" in why

    kept.policy = policy_of(kept.arn, rule)
    events.put_events(Entries=[ORDER])
    world.run(hours=25)
    assert [d.outcome for d in world.trace.deliveries()] == ["dropped", "dead-lettered"]
    assert [event["detail"] for event in kept.received] == [{"order": 1}]
