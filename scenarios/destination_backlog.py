"""A partner's API takes ten requests a second, and 10,000 orders come at once: which of them arrive?

An API destination delays what is above its rate and loses no attempt by it. The backlog would take almost
17 minutes, but the shop wants no order delivered that is older than ten minutes. So the first 6,010 are
sent in order, ten a second, and 3,990 wait for ten minutes without a single attempt and are dead letters.
The partner's tokens last five minutes. Each is replaced by the first order that finds it about to expire.
"""

import json

import simbridge as sb

ORDERS, PER_SECOND, AGE_S, TOKEN_S, MARGIN_S = 10_000, 10, 600, 300, 60


@sb.scenario(seed=5, start="2026-03-01T12:00:00Z")
def destination_backlog(world: sb.World) -> None:
    """A burst to an OAuth API destination."""
    events, dead = world.client("events"), world.queue("dead")
    issued = []

    def token(request: sb.Request) -> sb.Response:
        assert "client_secret=hush" in request.text
        issued.append(world.now)
        answer = {"access_token": f"token-{len(issued)}", "expires_in": TOKEN_S}
        return sb.Response(200, {"Content-Type": "application/json"}, json.dumps(answer))

    world.http("https://auth.partner.example/token", token)
    partner = world.http("https://api.partner.example/orders")
    connection = events.create_connection(
        Name="partner",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={
            "OAuthParameters": {
                "AuthorizationEndpoint": "https://auth.partner.example/token",
                "HttpMethod": "POST",
                "ClientParameters": {"ClientID": "shop", "ClientSecret": "hush"},
            }
        },
    )
    destination = events.create_api_destination(
        Name="partner",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint="https://api.partner.example/orders",
        HttpMethod="POST",
        InvocationRateLimitPerSecond=PER_SECOND,
    )
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    target = {
        "Id": "partner",
        "Arn": destination["ApiDestinationArn"],
        "RoleArn": "arn:aws:iam::123456789012:role/events",
        "InputPath": "$.detail",
        "RetryPolicy": {"MaximumEventAgeInSeconds": AGE_S},
        "DeadLetterConfig": {"Arn": dead.arn},
    }
    events.put_targets(Rule="orders", Targets=[target])
    world.settle()
    for start in range(0, ORDERS, 10):
        entries = [
            {"Source": "shop", "DetailType": "OrderPlaced", "Detail": json.dumps({"order": order})}
            for order in range(start, start + 10)
        ]
        events.put_events(Entries=entries)
    began = world.now
    world.run(minutes=30)

    # Ten at once, then one each tenth of a second, until the age limit.
    sent = PER_SECOND * AGE_S + PER_SECOND
    delivered = world.trace.deliveries(outcome="delivered")
    assert [request.json()["order"] for request in partner.requests] == list(range(sent))
    assert [d.latency for d in delivered] == [max(0, n - 9) / 10 for n in range(sent)]
    assert {delivery.attempt_count for delivery in delivered} == {1}

    # The others were never sent.
    expired = world.trace.deliveries(outcome="dead-lettered")
    assert len(expired) == ORDERS - sent == len(dead.messages)
    assert {(d.attempt_count, d.exhausted) for d in expired} == {(0, "MaximumEventAgeInSeconds")}

    # A token a minute before the last one expires, as long as there is something to send.
    at = [(instant - began).total_seconds() for instant in issued]
    assert at == [0, TOKEN_S - MARGIN_S, 2 * (TOKEN_S - MARGIN_S)]
    used = [request.header("Authorization") for request in partner.requests]
    assert {text: used.count(text) for text in used} == {
        "Bearer token-1": 2_409,
        "Bearer token-2": 2_400,
        "Bearer token-3": 1_201,
    }
