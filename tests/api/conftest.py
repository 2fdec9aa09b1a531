"""An API without a world: the control plane on a bare kernel, and everything it sends.

`api.put_rule(Name=...)` is one call of PutRule. `api.refused("put_rule", ...)` is a call that AWS
refuses: it returns code and text, and checks by itself that nothing was changed and nothing sent.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.endpoint
import botocore.session
import pytest

from simbridge.api.model import make_client
from simbridge.api.plane import ControlPlane
from simbridge.api.reports import ReportInbox
from simbridge.api.store import BusEntry
from simbridge.base import clock
from simbridge.base.errors import ServiceError
from simbridge.kernel import Kernel, Turn
from simbridge.model.http_messages import ConnectionChanged
from simbridge.model.limits import limits_with
from simbridge.model.resources import Rule

ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
REGION, OTHER_REGION = "us-east-1", "eu-west-1"


class Listener:
    """The actor at every address: it records what it receives."""

    def __init__(self, received: list[tuple[str, Any]]) -> None:
        self.received = received

    def receive(self, message: Any, turn: Turn) -> None:
        self.received.append((turn.address, message))


class Api:
    """One account's API in one region, and the messages that left it."""

    def __init__(self, limits: Mapping[str, int] | None = None, seed: int = 7) -> None:
        self.received: list[tuple[str, Any]] = []
        self.kernel = Kernel(
            seed, clock.instant("2026-03-01T00:00:00.123456Z"), lambda *_: Listener(self.received)
        )
        self.plane = ControlPlane(self.kernel, limits_with(limits))
        self.account, self.region = ACCOUNT, REGION
        self.store = self.plane.store(ACCOUNT, REGION)
        self.news()

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.plane.call(
            operation,
            json.loads(json.dumps(request)),
            account=self.account,
            region=self.region,
            sender="story",
        )

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = "".join(part.title() for part in name.split("_"))
        return lambda **request: self.call(operation, **request)

    def news(self) -> list[tuple[str, Any]]:
        """The messages that were sent since the last call: (to, message)."""
        self.kernel.run(self.kernel.now + 1_000_000)
        received, self.received[:] = list(self.received), []
        return received

    def report(self, sender: str, to: str, state: str, reason: str | None, revision: int) -> None:
        """Let a connection report a state to the control plane."""
        message = ConnectionChanged(revision, state, reason)
        kernel = Kernel(0, self.kernel.now, lambda *_: ReportInbox(self.store))
        kernel.send(sender, to, message)
        kernel.settle()

    def refused_now(self, name: str, /, **request: Any) -> tuple[str, str]:
        """Code and text of a refusal, at this instant, with nothing run before."""
        before = copy.deepcopy(self.plane.stores)
        with pytest.raises(ServiceError) as refusal:
            getattr(self, name)(**request)
        assert self.plane.stores == before
        return refusal.value.code, refusal.value.message

    def refused(self, name: str, /, **request: Any) -> tuple[str, str]:
        """Code and text of a refusal; a refused call has changed nothing and sent nothing."""
        self.news()
        refusal = self.refused_now(name, **request)
        assert self.news() == []
        return refusal

    def bus(self, name: str = "default") -> BusEntry:
        return self.store.buses[name]

    def manage(self, rule: str, by: str = "states.amazonaws.com") -> None:
        """Make a rule one that an AWS service manages, which no operation of this version does."""
        old = self.bus().rules[rule]
        self.bus().rules[rule] = Rule(
            arn=old.arn,
            name=old.name,
            bus_arn=old.bus_arn,
            state=old.state,
            created_by=old.created_by,
            event_pattern=old.event_pattern,
            managed_by=by,
            targets=old.targets,
        )


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def client(api: Api) -> Any:
    """A genuine botocore client in front of `api`."""
    return make_client(
        lambda request: api.plane.answer(request, account=api.account, sender="story", cause=0),
        REGION,
    )


@pytest.fixture
def api_with() -> Callable[..., Api]:
    """`api_with(targets_per_rule=2)`: an API with other quotas."""
    return lambda **limits: Api(limits)


def _botocore_state() -> list[dict[str, Any]]:
    return [dict(vars(botocore.endpoint.Endpoint)), dict(vars(botocore.session.Session))]


@pytest.fixture
def botocore_state() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What is in the classes that are patched; afterwards they are as they were."""
    before = _botocore_state()
    yield _botocore_state
    assert _botocore_state() == before
