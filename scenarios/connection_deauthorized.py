"""A connection is deauthorized on Friday evening and gets a new key on Saturday: what is lost?

The API destination of the connection is INACTIVE meanwhile. EventBridge makes attempts nevertheless: each
fails without a request, and is retried with backoff. Orders that may be retried for a day arrive with the
new key, late. Those of a rule that gives up after an hour are in its dead-letter queue.
"""

import json

import simbridge as sb

URL = "https://api.partner.example/orders"


def key(value: str) -> dict[str, object]:
    """The AuthParameters of a connection with an API key."""
    return {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": value}}


@sb.scenario(seed=6, start="2026-03-06T18:00:00Z")
def connection_deauthorized(world: sb.World) -> None:
    """Orders before, while and after the connection is deauthorized."""
    events, dead = world.client("events"), world.queue("dead")
    partner = world.http(URL)
    connection = events.create_connection(
        Name="partner", AuthorizationType="API_KEY", AuthParameters=key("old")
    )
    destination = events.create_api_destination(
        Name="partner",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=URL,
        HttpMethod="POST",
    )
    target = {
        "Id": "partner",
        "Arn": destination["ApiDestinationArn"],
        "RoleArn": "arn:aws:iam::123456789012:role/events",
        "InputPath": "$.detail",
        "DeadLetterConfig": {"Arn": dead.arn},
    }
    hour = {"RetryPolicy": {"MaximumEventAgeInSeconds": 3600}}
    for name, policy in (("day", {}), ("hour", hour)):
        events.put_rule(Name=name, EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule=name, Targets=[target | policy])

    def order(number: int) -> None:
        entry = {"Source": "shop", "DetailType": "OrderPlaced"}
        entry["Detail"] = json.dumps({"order": number})
        events.put_events(Entries=[entry])

    def state() -> str:
        found = events.describe_api_destination(Name="partner")
        return str(found["ApiDestinationState"])

    order(1)
    world.run(hours=1)
    assert [request.header("X-Key") for request in partner.requests] == ["old", "old"]

    events.deauthorize_connection(Name="partner")
    world.settle()
    assert state() == "INACTIVE"
    order(2)
    world.run(hours=14)
    assert len(partner.requests) == 2
    (letter,) = dead.receive()
    assert json.loads(letter.body) == {"order": 2}
    assert letter.attributes["RULE_ARN"].endswith("rule/hour")
    assert letter.attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert "The connection is DEAUTHORIZED." in letter.attributes["ERROR_MESSAGE"]

    events.update_connection(Name="partner", AuthorizationType="API_KEY", AuthParameters=key("new"))
    world.settle()
    assert state() == "ACTIVE"
    order(3)
    world.run(hours=24)
    late = [(request.json()["order"], request.header("X-Key")) for request in partner.requests[2:]]
    assert sorted(late) == [(2, "new"), (3, "new"), (3, "new")]
    (waited,) = [d for d in world.trace.deliveries(outcome="delivered") if d.latency > 0]
    assert (waited.rule, waited.event.envelope["detail"]) == ("day", {"order": 2})
    assert waited.latency > 14 * 3600
    assert {attempt.status for attempt in waited.attempts} == {None, 200}
