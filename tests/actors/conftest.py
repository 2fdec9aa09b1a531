"""Worlds for tests: a shop with one rule, one target and one dead-letter queue; an archive to replay."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import simbridge as sb
from simbridge.base import clock
from simbridge.base.clock import SECOND
from simbridge.model.messages import Publish
from simbridge.trace import Delivery

START = "2026-03-01T00:00:00Z"
ENTRY = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}
PATTERN = '{"source": ["shop"]}'


class Shop:
    """A world whose rule `orders` sends what comes from the shop to `pay`, and who gives up to `dead`."""

    def __init__(
        self,
        *,
        retry: dict[str, int] | None = None,
        dead_letters: bool = True,
        target: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.world = sb.World(**{"seed": 7, "start": START, **options})
        self.events = self.world.client("events")
        self.pay = self.world.function("pay")
        self.dead = self.world.queue("dead")
        self.events.put_rule(Name="orders", EventPattern=PATTERN)
        self.target = {"Id": "pay", "Arn": self.pay.arn, **(target or {})}
        if retry is not None:
            self.target["RetryPolicy"] = retry
        if dead_letters:
            self.target["DeadLetterConfig"] = {"Arn": self.dead.arn}
        self.events.put_targets(Rule="orders", Targets=[self.target])
        self.world.settle()

    def put(self, count: int = 1, **entry: Any) -> list[str]:
        """Put events at this instant; their ids."""
        ids: list[str] = []
        for _ in range(count):
            answer = self.events.put_events(Entries=[{**ENTRY, **entry}])
            ids += [result["EventId"] for result in answer["Entries"]]
        return ids

    @property
    def deliveries(self) -> list[Delivery]:
        """All of them."""
        return self.world.trace.deliveries()

    @property
    def delivery(self) -> Delivery:
        """The only one."""
        (only,) = self.deliveries
        return only

    def seconds(self, instant: Any) -> float:
        """Since the beginning: of an instant, or of microseconds since the epoch."""
        begin = sb.World(start=START).now.timestamp()
        if isinstance(instant, int):
            return instant / SECOND - begin
        return float(instant.timestamp() - begin)

    def attempted(self) -> list[float]:
        """When the only delivery was attempted, in seconds since the beginning."""
        return [self.seconds(attempt.time) for attempt in self.delivery.attempts]


@pytest.fixture
def shop() -> Callable[..., Shop]:
    """`shop(retry={...}, dead_letters=False, **options of the world)`."""
    return Shop


ACCOUNT = "123456789012"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
ARCHIVE = f"arn:aws:events:us-east-1:{ACCOUNT}:archive/a"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/"
REPLAY_START = clock.instant("2026-03-02T00:00:00Z")
YESTERDAY = clock.instant("2026-03-01T00:00:00Z") // clock.SECOND


def envelope(second: int, number: int = 0) -> dict[str, Any]:
    """An event of yesterday."""
    return {
        "version": "0",
        "id": f"id-{second}-{number}",
        "detail-type": "OrderPlaced",
        "source": "shop",
        "account": "210987654321",
        "time": clock.iso_seconds((YESTERDAY + second) * clock.SECOND),
        "region": "eu-west-1",
        "resources": ["arn:aws:s3:::b"],
        "detail": {"n": number, "second": second},
    }


class Replays:
    """A world with an archive of yesterday's events, and a rule `r` that tells the queue `q`."""

    def __init__(self, seconds: list[int], **limits: int) -> None:
        self.world = sb.World(seed=7, start=clock.moment(REPLAY_START), limits=limits)
        self.events = self.world.client("events")
        self.events.create_archive(ArchiveName="a", EventSourceArn=BUS)
        self.queue = self.world.queue("q")
        self.rule("r", self.queue.arn)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "e.jsonl"
            lines = [json.dumps(envelope(s, n)) for n, s in enumerate(seconds)]
            file.write_text("\n".join(lines))
            self.world.archive("a").load(file)
        self.world.settle()

    def rule(self, name: str, target: str, pattern: str = '{"source":["shop"]}') -> None:
        """A rule with one target."""
        self.events.put_rule(Name=name, EventPattern=pattern)
        self.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target}])

    def start(self, begin: int, end: int, name: str = "again", *rules: str) -> None:
        """Replay what has a time in [begin, end), in seconds of yesterday."""
        destination: dict[str, Any] = {"Arn": BUS}
        if rules:
            destination["FilterArns"] = [RULE + rule for rule in rules]
        self.events.start_replay(
            ReplayName=name,
            EventSourceArn=ARCHIVE,
            EventStartTime=YESTERDAY + begin,
            EventEndTime=YESTERDAY + end,
            Destination=destination,
        )

    def shown(self, name: str = "again") -> dict[str, Any]:
        """What DescribeReplay shows."""
        shown: dict[str, Any] = self.events.describe_replay(ReplayName=name)
        return shown

    def state(self, name: str = "again") -> str:
        """The state of a replay."""
        return str(self.shown(name)["State"])

    def published(self) -> list[tuple[int, int]]:
        """(microseconds since the start, second of yesterday) of each replayed event."""
        return [
            (record.time - REPLAY_START, record.message.event.envelope["detail"]["second"])
            for record in self.world.trace
            if isinstance(record.message, Publish)
        ]


@pytest.fixture(scope="session")
def replays() -> type[Replays]:
    """`replays([seconds of yesterday], **limits)`."""
    return Replays


URL = "https://api.example.com/orders"
TOKENS = "https://auth.example.com/token"
ROLE = "arn:aws:iam::123456789012:role/r"


class PartnerShop:
    """A world whose rule sends the events of `shop` to an API destination."""

    def __init__(
        self,
        answer: Callable[[sb.Request], Any] | None = None,
        *,
        rate: int = 300,
        endpoint: str = URL,
        registered: bool = True,
        oauth: int = 0,
        target: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.world = sb.World(**{"seed": 7, "start": "2026-03-01T00:00:00Z", **options})
        self.events = self.world.client("events")
        if registered:
            self.endpoint = self.world.http(URL, answer)
        self.dead = self.world.queue("dead")
        self.tokens = 0
        if oauth:
            self.world.http(TOKENS, lambda _: self.issue(oauth))
        self.connection = self.connect(bool(oauth))
        self.arn = self.events.create_api_destination(
            Name="partner",
            ConnectionArn=self.connection,
            InvocationEndpoint=endpoint,
            HttpMethod="POST",
            InvocationRateLimitPerSecond=rate,
        )["ApiDestinationArn"]
        self.rule("r", target or {})
        self.world.settle()

    def issue(self, lasts_s: int) -> sb.Response:
        self.tokens += 1
        answer = {"access_token": f"t{self.tokens}", "expires_in": lasts_s}
        return sb.Response(body=json.dumps(answer))

    def connect(self, oauth: bool) -> str:
        if oauth:
            block = {
                "AuthorizationEndpoint": TOKENS,
                "HttpMethod": "POST",
                "ClientParameters": {"ClientID": "me", "ClientSecret": "hush"},
            }
            kind, parameters = "OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": block}
        else:
            kind = "API_KEY"
            parameters = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "hush"}}
        answer = self.events.create_connection(
            Name="c", AuthorizationType=kind, AuthParameters=parameters
        )
        return str(answer["ConnectionArn"])

    def rule(self, name: str, target: dict[str, Any]) -> None:
        self.events.put_rule(Name=name, EventPattern='{"source": ["shop"]}')
        dead = {"DeadLetterConfig": {"Arn": self.dead.arn}}
        given = {"Id": "1", "Arn": self.arn, "RoleArn": ROLE, **dead, **target}
        self.events.put_targets(Rule=name, Targets=[given])

    def put(self, count: int = 1) -> list[str]:
        entry = {"Source": "shop", "DetailType": "d", "Detail": '{"order": 7}'}
        found = []
        for _ in range(count):
            answer = self.events.put_events(Entries=[entry])
            found.append(answer["Entries"][0]["EventId"])
        return found

    def deliver(self, **span: int) -> Any:
        """What becomes of one event."""
        (event,) = self.put()
        self.world.run(**(span or {"hours": 25}))
        (delivery,) = self.world.trace.deliveries(event=event)
        return delivery

    @property
    def letter(self) -> dict[str, str]:
        """The attributes of the one dead letter."""
        (letter,) = self.dead.requests
        found = letter["MessageAttributes"].items()
        return {name: value["StringValue"] for name, value in found}


@pytest.fixture(name="shop_of", scope="session")
def shop_of_() -> type[PartnerShop]:
    return PartnerShop
