"""AWS AppSync: a GraphQL operation is sent to an API.

That the input is the operation's variables follows from what the call takes (believed).
"""

from __future__ import annotations

from simbridge.targets.failures import MISSING_BLOCK, NOT_AN_OBJECT, Failure
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import ALWAYS, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _graphql(sending: Sending) -> Request | Failure:
    """A GraphQL operation; the input is its variables."""
    operation = sending.block("AppSyncParameters").get("GraphQLOperation")
    if not operation:
        return MISSING_BLOCK.because(name="AppSyncParameters")
    variables = sending.document
    if not isinstance(variables, dict):
        return NOT_AN_OBJECT.because(action="GraphQL")
    return {
        "Action": "GraphQL",
        "apiId": sending.target.resource.rpartition("/")[2],
        "query": operation,
        "variables": variables,
    }


SERVICE = Service(
    (
        TargetKind(
            "AppSync API",
            "appsync",
            "endpoints/graphql-api/NAME",
            "optional",
            _graphql,
            Example(
                "endpoints/graphql-api/abc",
                {
                    "AppSyncParameters": {
                        "GraphQLOperation": "mutation M($order: Int) { m(order: $order) }"
                    },
                    "InputPath": "$.detail",
                },
            ),
            block="AppSyncParameters",
            fails_with=ALWAYS,
        ),
    )
)
