"""Three rules have one queue as their target, and only the events of one arrive: why?

All three match, and all three have the same target. The policy of the queue was written when there was one
rule, and was extended for the second one in another account's copy of the template. The explanation of each
event names the statement that let it in, or what each statement wanted instead.
"""

import simbridge as sb

RULES = ("placed", "paid", "shipped")


@sb.scenario(seed=1)
def one_of_three_rules(world: sb.World) -> None:
    """Three rules into one queue, whose policy lets one of them in."""
    events = world.client("events")
    orders = world.queue("orders")
    arns = {
        name: events.put_rule(Name=name, EventPattern=f'{{"detail-type": ["{name}"]}}')["RuleArn"]
        for name in RULES
    }
    copied = arns["paid"].replace(world.account, "210987654321")
    orders.policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": orders.arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
            }
            for sid, arn in (("AllowPlaced", arns["placed"]), ("AllowPaid", copied))
        ],
    }
    ids = {}
    for name in RULES:
        events.put_targets(Rule=name, Targets=[{"Id": "orders", "Arn": orders.arn}])
        entry = {"Source": "shop", "DetailType": name, "Detail": "{}"}
        ids[name] = events.put_events(Entries=[entry])["Entries"][0]["EventId"]
    world.run(hours=25)

    outcomes = {d.rule: (d.outcome, d.attempt_count) for d in world.trace.deliveries()}
    assert outcomes == {
        "placed": ("delivered", 1),
        "paid": ("dropped", 1),
        "shipped": ("dropped", 1),
    }
    why = {name: str(world.trace.why(event)) for name, event in ids.items()}
    assert "statement 'AllowPlaced' of the policy of orders allows it" in why["placed"]
    assert f"'AllowPaid': aws:SourceArn is {arns['paid']}, wanted {copied}" in why["paid"]
    assert f"'AllowPlaced': aws:SourceArn is {arns['shipped']}" in why["shipped"]
