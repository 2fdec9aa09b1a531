"""The part of `World` that creates what rules deliver to: queues, functions, topics, any other target.

It has the organizations of their accounts, too, for policies that ask.
"""

from __future__ import annotations

from collections.abc import Sequence

from simbridge.actors.function import Asynchronous, Handler
from simbridge.api.plane import ControlPlane
from simbridge.base import checks
from simbridge.base.clock import Duration
from simbridge.base.errors import SimbridgeError
from simbridge.world.handles.policies import PolicyText
from simbridge.world.handles.queues import Queue
from simbridge.world.handles.stand_ins import StandInHandle
from simbridge.world.handles.targets import StandIns, asynchronous
from simbridge.world.observed import Observed

__all__ = ["Resources"]


class Resources(Observed):
    """The part of `World` that creates stand-ins.

    `policy` is always the resource policy of the new resource as AWS has it, a mapping or JSON text. It is
    asked at each delivery and for each dead letter, and can be changed later (`StandInHandle.policy`).
    Without one the world's `permissions` decides. Raises `InvalidPolicy` if it is not valid, and
    `SimbridgeError` if EventBridge calls such a target with a role and not by its policy.
    """

    _plane: ControlPlane
    _stand_ins: StandIns

    def queue(
        self,
        name: str,
        *,
        content_based_deduplication: bool = True,
        policy: PolicyText | None = None,
    ) -> Queue:
        """A stand-in for an SQS queue of this name.

        A FIFO queue (its name ends in `.fifo`) takes events only with content-based deduplication,
        and then puts no body twice into the queue within five minutes (`actors/fifo`). `policy` is the
        resource policy of the queue (`StandInHandle.policy`).
        """
        return self._stand_ins.queue(name, content_based_deduplication, policy)

    def function(
        self,
        name: str,
        handler: Handler | None = None,
        *,
        retries: int = 2,
        event_age: Duration = "6h",
        on_failure: str | None = None,
        on_success: str | None = None,
        timeout: Duration | None = None,
        policy: PolicyText | None = None,
    ) -> StandInHandle:
        """A stand-in for a Lambda function; `def` or `async def`, `handler(event[, context])`.

        The context is Lambda's, in virtual time (`simbridge.actors.context`). If `timeout` is given, an
        `async def` handler that takes longer is cancelled and has failed.
        A handler that raises does not fail the delivery: as on AWS, Lambda has accepted the event,
        runs the function again after one and two minutes, within `retries` and `event_age`, and then
        sends a record to `on_failure`, the ARN of a queue, a topic or an event bus (`on_success`
        likewise). An `AssertionError` is your check and ends the run. `policy` is the resource policy of
        the function, as AddPermission makes it (`StandInHandle.policy`).
        See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html.
        """
        lambda_settings = asynchronous(retries, event_age, on_failure, on_success, timeout)
        return self._stand_ins.function(name, handler, lambda_settings, policy)

    def topic(
        self, name: str, handler: Handler | None = None, *, policy: PolicyText | None = None
    ) -> StandInHandle:
        """A stand-in for an SNS topic of this name, whose subscriptions are not simulated.

        `handler` is as in `stand_in`. `policy` is the resource policy of the topic
        (`StandInHandle.policy`). Raises `SimbridgeError` for a FIFO topic, which rules cannot publish to
        (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html).
        """
        return self._stand_ins.topic(name, handler, policy)

    def stand_in(
        self,
        arn: str,
        handler: Handler | None = None,
        *,
        lambda_settings: Asynchronous | None = None,
        policy: PolicyText | None = None,
    ) -> StandInHandle:
        """A stand-in at any target ARN. The same ARN has the same stand-in, however often it is asked for.

        `handler(event[, context])` is called with what the target receives, dead letters included. An
        exception in it ends the run, unless the target is a Lambda function (`function`). `policy` is the
        resource policy of the target, if it has one (`StandInHandle.policy`).
        """
        return self._stand_ins.at(arn, handler, lambda_settings, policy)

    def organization(self, organization: str, accounts: Sequence[str]) -> None:
        """These accounts are in an AWS organization from now on, for policies that ask.

        Accounts that are in it already stay. Raises `SimbridgeError` for what is not the id of an
        organization or of an account, and for an account that is in another organization.
        """
        checks.text(organization, "the id of an organization")
        members = checks.organizations({organization: accounts})
        with self._kernel.hold():
            known = self._plane.organizations
            for account in members:
                if known.get(account, organization) != organization:
                    raise SimbridgeError(
                        f"account {account} is in the organization {known[account]}: leave it out here"
                    )
            known.update(members)
