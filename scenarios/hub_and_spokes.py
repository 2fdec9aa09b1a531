"""Three branches report to a hub: who may say what, and how does news of one branch reach the others?

Each branch has an account of its own and sends the events of its default bus to the bus of the hub. The hub's
policy lets each branch in with its own source and no other, so a branch that speaks for another one is
refused, and its event is in the dead-letter queue of the branch. An event that has come to the hub is not
sent on to a branch: one hop is the limit. A function of the hub puts the news again, and then it is an event
of the hub, which the branches let in.
"""

import json

import simbridge as sb

HUB = "100000000000"
BRANCHES = {"north": "111111111111", "south": "222222222222", "west": "333333333333"}


@sb.scenario(seed=9, start="2026-03-01T00:00:00Z", account=HUB)
def hub_and_spokes(world: sb.World) -> None:
    """Reports go up, news goes down, and nothing goes round in a circle."""
    hub = world.client()
    hub.create_event_bus(Name="hub")
    hub.put_permission(EventBusName="hub", Policy=hub_policy())
    reports = world.queue("reports")
    tell_all = world.function("tell-all", handler=lambda event: tell(hub, event))
    rule(hub, "hub", "reports", {"detail-type": ["Report"]}, reports.arn)
    rule(hub, "hub", "news", {"detail-type": ["News"]}, tell_all.arn)
    for name, account in BRANCHES.items():
        branch = world.client(account=account)
        branch.put_permission(
            Action="events:PutEvents", Principal=HUB, StatementId="the-hub-may-tell"
        )
        rule(branch, "default", "up", {"source": [{"prefix": "branch."}]}, bus(HUB, "hub"))
        rule(branch, "default", "news", {"source": ["hub"]}, queue(world, account).arn)
        rule(hub, "hub", f"straight-to-{name}", {"detail-type": ["News"]}, bus(account))
        rule(hub, "default", f"tell-{name}", {"source": ["hub"]}, bus(account))

    for name in BRANCHES:
        put(world, name, name, "Report")
    assert [event["source"] for event in reports.received] == [f"branch.{n}" for n in BRANCHES]
    assert [event["account"] for event in reports.received] == list(BRANCHES.values())

    liar = put(world, "north", "south", "Report")
    (refused,) = world.trace.deliveries(event=liar)
    assert (refused.outcome, refused.error_code) == ("dead-lettered", "NO_PERMISSIONS")
    assert len(reports.received) == 3

    put(world, "west", "west", "News")
    straight = [d for d in world.trace.deliveries() if d.rule.startswith("straight-to-")]
    assert {d.error_code for d in straight} == {"THIRD_ACCOUNT_HOP_DETECTED"}
    for account in BRANCHES.values():
        (news,) = queue(world, account).received
        assert (news["source"], news["account"]) == ("hub", HUB)
        assert news["detail"] == {"from": "branch.west"}


def hub_policy() -> str:
    """Each branch may put events with its own source."""
    statements = [
        {
            "Sid": name,
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "events:PutEvents",
            "Resource": bus(HUB, "hub"),
            "Condition": {"StringEquals": {"events:source": f"branch.{name}"}},
        }
        for name, account in BRANCHES.items()
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def bus(account: str, name: str = "default") -> str:
    """The ARN of an event bus."""
    return f"arn:aws:events:us-east-1:{account}:event-bus/{name}"


def queue(world: sb.World, account: str, name: str = "news"):
    """A queue of an account."""
    return world.stand_in(f"arn:aws:sqs:us-east-1:{account}:{name}")


def rule(events, bus_name: str, name: str, pattern: dict, target: str) -> None:
    """A rule with one target; what it cannot deliver is in the queue `lost` of its account."""
    arn = events.put_rule(Name=name, EventBusName=bus_name, EventPattern=json.dumps(pattern))
    account = arn["RuleArn"].split(":")[4]
    given = {"Id": "target", "Arn": target}
    if ":event-bus/" in target:
        given["RoleArn"] = f"arn:aws:iam::{account}:role/send"
        given["DeadLetterConfig"] = {"Arn": f"arn:aws:sqs:us-east-1:{account}:lost"}
    events.put_targets(Rule=name, EventBusName=bus_name, Targets=[given])


def put(world: sb.World, branch: str, source: str, detail_type: str) -> str:
    """One event of a branch, delivered; its id."""
    queue(world, BRANCHES[branch], "lost")
    queue(world, HUB, "lost")
    entry = {"Source": f"branch.{source}", "DetailType": detail_type, "Detail": "{}"}
    answer = world.client(account=BRANCHES[branch]).put_events(Entries=[entry])
    world.settle()
    return answer["Entries"][0]["EventId"]


def tell(hub, event: dict) -> None:
    """Put the news of a branch again, as an event of the hub."""
    detail = json.dumps({"from": event["source"]})
    hub.put_events(Entries=[{"Source": "hub", "DetailType": "News", "Detail": detail}])
