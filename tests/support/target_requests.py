"""Targets of a rule `r`, as the tests of PutTargets put them."""

from __future__ import annotations

INVALID = "ValidationException"
PATTERN = '{"source":["shop"]}'
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/"
ROLE = "arn:aws:iam::123456789012:role/r"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
FIFO = QUEUE + ".fifo"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/x"
ECS = "arn:aws:ecs:us-east-1:123456789012:cluster/c"
API = "arn:aws:execute-api:us-east-1:123456789012:a/prod/POST/*"
BATCH = "arn:aws:batch:us-east-1:123456789012:job-queue/q"
TASK = {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/t"}
DONE = {"FailedEntryCount": 0, "FailedEntries": []}
TEMPLATE = {"InputTemplate": '"x"'}


def put(api, *targets):
    return api.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": QUEUE} | t for t in targets])


def ecs(**block):
    return {"Arn": ECS, "RoleArn": ROLE, "EcsParameters": TASK | block}


def with_rule(api):
    """An API with a rule `r` on the default bus, and a bus `b`."""
    api.create_event_bus(Name="b")
    api.put_rule(Name="r", EventPattern=PATTERN)
    api.news()
    return api
