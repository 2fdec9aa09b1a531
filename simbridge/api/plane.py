"""Runs the operations of the control plane: checks a request, calls its function, records the call.

An operation is a plain function `(context, request) -> response`, registered under its own name with
`@operation`. The plane checks the request against the service model, runs the function to completion at
the current instant, and records one `Call` in the trace. The function changes the data plane only by
messages, so any code may make a call, even a handler during its own invocation: nothing is re-entered.

A refused call changes nothing. AWS's errors are `ServiceError`s; the errors of the languages (patterns,
schedules, transformers, policies) are translated to them here, in one place.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from simbridge.api.faults import check_fault, fault
from simbridge.api.model import Answered, HttpRequest, operation_names
from simbridge.api.propagation import Propagation
from simbridge.api.redaction import redacted
from simbridge.api.routing import HealthChecks, find_endpoint
from simbridge.api.store import Store
from simbridge.api.validation import check_request
from simbridge.base import json
from simbridge.base.errors import (
    InvalidArn,
    InvalidPattern,
    InvalidPolicy,
    InvalidSchedule,
    InvalidTransform,
    LanguageError,
    NotSimulated,
    ServiceError,
    SimbridgeError,
)
from simbridge.base.rng import draw
from simbridge.base.rng import key as key_of
from simbridge.base.suggest import did_you_mean
from simbridge.base.token_bucket import Buckets
from simbridge.kernel import Kernel, uuid_from
from simbridge.model.arn import api_address
from simbridge.model.faults import Fails
from simbridge.model.feedback import Feedback
from simbridge.model.limits import Limits, rate_of
from simbridge.model.messages import Behave, Call, Configure, Event, Message, Publish, Retire
from simbridge.model.resources import ApiDestination, Connection, Endpoint, EventSource, Replay
from simbridge.model.state_messages import Health

__all__ = ["OPERATIONS", "Context", "ControlPlane", "Request", "Response", "operation"]

Request = Mapping[str, Any]
Response = dict[str, Any]
Operation = Callable[["Context", Request], Response]

OPERATIONS: dict[str, Operation] = {}
"""Every simulated operation, by the name of the service model; filled by `@operation`."""

_CODES: dict[type[LanguageError] | type[InvalidArn], str] = {
    InvalidPattern: "InvalidEventPatternException",
    InvalidPolicy: "ValidationException",
    InvalidSchedule: "ValidationException",
    InvalidTransform: "ValidationException",
    InvalidArn: "ValidationException",
}


_RATED = {
    "PutEvents": "put_events_per_second",
    "PutPartnerEvents": "put_partner_events_per_second",
}
"""The operations with a quota per second that is simulated."""


def operation(function: Operation) -> Operation:
    """Register a function named like boto3's method (`put_rule`) as that operation (`PutRule`).

    Raises `TypeError` if another module has registered this operation already.
    """
    name = "".join(part.title() for part in function.__name__.split("_"))
    other = OPERATIONS.setdefault(name, function)
    if other.__module__ != function.__module__:
        raise TypeError(f"{name} is defined in {other.__module__} and in {function.__module__}")
    OPERATIONS[name] = function
    return function


@final
@dataclass(slots=True)
class Context:
    """What an operation works with: the store, the clock, the limits, and the way to the data plane."""

    plane: ControlPlane
    store: Store
    sequence: int
    cause: int
    sender: str
    detail: str | None = None
    """A note for the trace that the client does not receive."""
    trace_header: str | None = None
    """The `X-Amzn-Trace-Id` of the HTTP request."""
    delay_us: int | None = None
    """The propagation delay of this call, once it has been drawn, microseconds."""

    @property
    def account(self) -> str:
        """The account that calls, twelve digits."""
        return self.store.account

    @property
    def region(self) -> str:
        """The region of the endpoint that was called."""
        return self.store.region

    @property
    def now(self) -> int:
        """The current instant, microseconds since the epoch."""
        return self.plane.kernel.now

    @property
    def limits(self) -> Limits:
        """The quotas of this world."""
        return self.plane.limits

    def random(self, address: str, purpose: str) -> random.Random:
        """A keyed stream of random numbers (`Kernel.random`)."""
        return self.plane.kernel.random(address, purpose)

    def send(self, to: str, message: Message) -> None:
        """Send a message to the data plane. Changes of resources arrive after the propagation delay.

        A replay that is started or stopped has none: its times were measured from the call. Neither have
        connections, API destinations, partner event sources and global endpoints: they show their states.
        """
        late = 0
        match message:
            case Configure(Replay() | Connection() | ApiDestination() | EventSource() | Endpoint()):
                pass
            case Configure() | Retire():
                propagation = self.plane.propagation
                if self.delay_us is None:  # one call is one change, whatever it sends
                    self.delay_us = propagation.delay_us(to, message)
                late = propagation.effect_us(to, message, self.now + self.delay_us) - self.now
        self.plane.kernel.send(self.sender, to, message, after=late, cause=self.sequence)

    def publish(self, events: Sequence[tuple[str, Publish]]) -> None:
        """Put events on buses, now. If handlers put too many, the run ends afterwards with `Runaway`."""
        self.plane.kernel.send_all(self.sender, events, cause=self.sequence)
        if self.cause:
            self.plane.descend([message.event for _, message in events], self.cause)


@final
class ControlPlane:
    """The API of a world, for all its accounts and regions.

    `organizations` names the organization of each account that is in one at the beginning.
    """

    def __init__(
        self, kernel: Kernel, limits: Limits, organizations: Mapping[str, str] | None = None
    ) -> None:
        self.kernel = kernel
        self.limits = limits
        kernel.shared.setdefault("organizations", dict(organizations or {}))
        self.stores: dict[tuple[str, str], Store] = {}
        self.propagation = Propagation(kernel.seed, limits)
        self.health_checks = HealthChecks(limits)
        self._faults: list[Fails] = []
        self._calls: dict[str, int] = {}

    def fork(self, kernel: Kernel) -> ControlPlane:
        """The same API with a copy of its state, for a kernel that continues from here."""
        fork = ControlPlane(kernel, self.limits)
        fork.stores = copy.deepcopy(self.stores)
        fork.propagation = copy.deepcopy(self.propagation)
        fork.health_checks = copy.deepcopy(self.health_checks)
        fork._faults = list(self._faults)
        fork._calls = dict(self._calls)
        return fork

    @property
    def organizations(self) -> dict[str, str]:
        """The organization of each account that is in one. The data plane reads it, too."""
        organizations: dict[str, str] = self.kernel.shared["organizations"]
        return organizations

    def store(self, account: str, region: str) -> Store:
        """The store of an account in a region, created on first use."""
        key = (account, region)
        if key not in self.stores:
            store = Store.with_default_bus(account, region, self.kernel.now)
            self.stores[key] = store
            for bus in store.buses.values():
                self.kernel.send(api_address(account, region), bus.arn, Configure(bus.event_bus))
        return self.stores[key]

    def call(
        self,
        name: str,
        request: Request,
        *,
        account: str,
        region: str,
        sender: str,
        cause: int = 0,
        trace_header: str | None = None,
    ) -> Response:
        """Run one operation and answer it.

        Raises `ServiceError` if AWS would refuse it, `NotSimulated` for an operation of AWS that this
        version does not simulate, `SimbridgeError` if there is no such operation.
        """
        if name not in OPERATIONS:
            raise _unknown(name)
        try:
            store = self.store(account, self._serving_region(name, request, region))
            sequence = self.kernel.draw(cause=cause)
            context = Context(self, store, sequence, cause, sender, trace_header=trace_header)
            return self._run(name, request, context)
        except (ServiceError, SimbridgeError):
            raise
        except BaseException as error:
            self.kernel.broke(f"the operation {name}", error)
            raise

    def _run(self, name: str, request: Request, context: Context) -> Response:
        """Check, run and record one call."""
        account, region = context.account, context.region
        sequence, cause, sender = context.sequence, context.cause, context.sender
        to = api_address(account, region)
        try:
            check_request(name, request)
            self._throttle_or_fault(name, account, region)
            response = OPERATIONS[name](context, request)
        except LanguageError as error:
            refusal = ServiceError(_CODES[type(error)], error.text)
            self._note(sequence, cause, sender, to, name, request, refusal, error.detail)
            raise refusal from error
        except InvalidArn as error:
            refusal = ServiceError(_CODES[type(error)], error.args[0])
            self._note(sequence, cause, sender, to, name, request, refusal)
            raise refusal from error
        except ServiceError as refusal:
            self._note(sequence, cause, sender, to, name, request, refusal, context.detail)
            raise
        call = Call(name, redacted(name, request), response, detail=context.detail)
        self.kernel.note(sequence, cause, sender, to, call)
        return response

    def fails(self, fails: Fails, sender: str, cause: int) -> None:
        """Make calls of an operation fail for a while; this is recorded like a call.

        Raises `SimbridgeError` for an operation or an error that it does not have.
        """
        check_fault(fails.operation, fails.error)
        with self.kernel.hold():
            self._faults.append(fails)
            self.kernel.note(self.kernel.draw(cause=cause), cause, sender, "api", Behave(fails))

    def set_health(self, arn: str, health: Health, sender: str, cause: int) -> None:
        """Switch a health check of Route 53; this is recorded like a call."""
        with self.kernel.hold():
            from_us, until_us = health.unhealthy_from_us, health.unhealthy_until_us
            if from_us is None or until_us is None:
                self.health_checks.recover(arn, self.kernel.now)
            else:
                self.health_checks.fail(arn, from_us, until_us)
            self.kernel.note(self.kernel.draw(cause=cause), cause, sender, arn, health)

    def endpoint(self, endpoint_id: object) -> Endpoint | None:
        """The global endpoint with this id, of any account and region; None if there is none."""
        stores = self.stores.values()
        return find_endpoint(
            (endpoint for store in stores for endpoint in store.endpoints.values()), endpoint_id
        )

    def _serving_region(self, name: str, request: Request, region: str) -> str:
        """The region that serves a request: that of the client, or the one a global endpoint routes to."""
        if name != "PutEvents" or request.get("EndpointId") is None:
            return region
        endpoint = self.endpoint(request["EndpointId"])
        if endpoint is None:
            return region
        return self.health_checks.region_of(endpoint, self.kernel.now)

    def quota(self, name: str, region: str) -> Buckets | None:
        """The quota of an operation in a region, a bucket for each account; None if there is none."""
        limit = _RATED.get(name)
        rate = rate_of(limit, region, self.limits) if limit else 0
        if not rate:
            return None
        shared, key = self.kernel.shared, f"{name}:{region}"
        if key not in shared:
            shared[key] = Buckets(rate)
        quota: Buckets = shared[key]
        return quota

    def descend(self, events: Sequence[Event], cause: int) -> None:
        """Count events that were put by code which this message ran; too many end the run (`feedback`)."""
        feedback: Feedback = self.kernel.shared["feedback"]
        runaway = feedback.put(cause, events, self.kernel.now)
        if runaway is not None:
            self.kernel.fail(runaway)

    def _throttle_or_fault(self, name: str, account: str, region: str) -> None:
        """Raise the error of a call beyond a quota per second, or of one that a scenario makes fail."""
        quota = self.quota(name, region)
        if quota is not None and not quota.take(account, self.kernel.now):
            raise fault("ThrottlingException", "")
        if not self._faults:
            return
        number = self._calls[name] = self._calls.get(name, 0) + 1
        for fails in self._faults:
            if fails.operation == name and fails.from_us <= self.kernel.now < fails.until_us:
                key = key_of(self.kernel.seed, "api", name, fails.error)
                if draw(key, number) < fails.probability_u32:
                    raise fault(fails.error, fails.text)

    def _note(
        self,
        sequence: int,
        cause: int,
        sender: str,
        to: str,
        name: str,
        request: Request,
        refusal: ServiceError,
        detail: str | None = None,
    ) -> None:
        call = Call(
            name,
            redacted(name, request),
            error=refusal.code,
            text=refusal.message,
            detail=detail or None,
        )
        self.kernel.note(sequence, cause, sender, to, call)

    def answer(self, sent: HttpRequest, *, account: str, sender: str, cause: int) -> Answered:
        """Serve one HTTP request of the JSON protocol (fidelity 0.3)."""
        payload: Response
        try:
            request = _read_body(sent.body)
            with self.kernel.hold():
                payload = self.call(
                    sent.operation,
                    request,
                    account=account,
                    region=sent.region,
                    sender=sender,
                    cause=cause,
                    trace_header=sent.trace_header,
                )
            status = 200
        except ServiceError as error:
            status = error.status
            payload = {"__type": error.code, "message": error.message}
        headers = {
            "x-amzn-requestid": uuid_from(self.kernel.random("api", "request id")),
            "content-type": "application/x-amz-json-1.1",
        }
        return Answered(status, headers, json.encode(payload))


def _read_body(body: bytes) -> Request:
    """Decode the body. Raises SerializationException, which comes before any operation."""
    try:
        return json.decode_object(body)
    except json.InvalidJson as error:
        raise ServiceError(
            "SerializationException", f"The request is not valid: {error}"
        ) from error


def _unknown(name: str) -> SimbridgeError:
    if name in operation_names():
        return NotSimulated(
            f"{name} is an operation of EventBridge that this version of simbridge does not "
            f"simulate; it simulates {', '.join(sorted(OPERATIONS))}"
        )
    return SimbridgeError(
        f"EventBridge has no operation {name!r}; {did_you_mean(name, operation_names())}"
    )
