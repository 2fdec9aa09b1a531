"""Random sequences of API calls over two accounts and two Regions, with time between them.

After each call: names are unique, ARNs resolve, lists equal describes, pages are complete, and a deletion that
is documented as blocked was refused. No call ends in an error that its operation does not have. In the end a
fork and a pickle have the same future, and the trace reads back from its file.

`SIMBRIDGE_STATEFUL=2000` runs that many examples, each time others.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import simbridge as sb
from simbridge.api.model import error_names

A, B, EAST, WEST = "123456789012", "210987654321", "us-east-1", "us-west-2"
MORE = int(os.environ.get("SIMBRIDGE_STATEFUL", "0"))
COMMON = {"ValidationException", "AccessDeniedException", "ThrottlingException"}
SOURCES = ("aws.partner/example.com/a", "aws.partner/example.com/b")

# Most calls are about the same few things, so that they meet.
places = st.sampled_from([*4 * [(A, EAST)], (A, WEST), (B, EAST), (B, WEST)])
names = st.sampled_from(["n1", "n1", "n2", "n3"])
buses = st.sampled_from(["n1", "n1", "n1", "default", "n2", *SOURCES])

# list, its member, describe, the parameter it takes, and the member with the ARN
KINDS = (
    ("list_event_buses", "EventBuses", "describe_event_bus", "Name", "Arn"),
    ("list_archives", "Archives", "describe_archive", "ArchiveName", "ArchiveArn"),
    ("list_replays", "Replays", "describe_replay", "ReplayName", "ReplayArn"),
    ("list_connections", "Connections", "describe_connection", "Name", "ConnectionArn"),
    (
        "list_api_destinations",
        "ApiDestinations",
        "describe_api_destination",
        "Name",
        "ApiDestinationArn",
    ),
    ("list_event_sources", "EventSources", "describe_event_source", "Name", "Arn"),
    ("list_endpoints", "Endpoints", "describe_endpoint", "Name", "Arn"),
)


class Api(RuleBasedStateMachine):
    """Calls that a user, a partner or another account could make in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = sb.World(7, "2026-03-01T00:00:00Z", stand_ins="auto")
        self.place = (A, EAST)

    def call(self, place: tuple[str, str], method: str, **request: Any) -> dict[str, Any] | None:
        """The answer, or None for an error that the operation has."""
        self.place = place
        client = self.world.client(account=place[0], region=place[1])
        operation = client.meta.method_to_api_mapping[method]
        try:
            answer: dict[str, Any] = getattr(client, method)(**request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            assert code in COMMON | set(error_names(operation)), (operation, request, code)
            return None
        return answer

    def arn(self, place: tuple[str, str], resource: str) -> str:
        return f"arn:aws:events:{place[1]}:{place[0]}:{resource}"

    @initialize(empty=st.sampled_from([False, False, True]))
    def begin(self, empty: bool) -> None:
        """Most sequences start with one of each, so that they get to what depends on it."""
        if empty:
            return
        home = (A, EAST)
        self.source((B, EAST), SOURCES[0], A, "create")
        for name in ("n1", SOURCES[0]):
            self.create_bus(home, name)
            self.put_rule(home, name, "n1", "ENABLED")
            self.put_targets(home, name, "n1", home, "default", 2)
        self.archive(home, "n1", "n1", "create")
        self.connection(home, "n1", "create")
        self.destination(home, "n1", "n1", delete=False)
        self.create_bus((A, WEST), "n1")
        self.endpoint(home, "n1", "n1", delete=False)
        self.world.run(minutes=1)

    @rule(place=places, name=buses)
    def create_bus(self, place: tuple[str, str], name: str) -> None:
        more = {"EventSourceName": name} if "/" in name else {}
        there = self.listed(place, "list_event_buses", "EventBuses", "Name")
        made = self.call(place, "create_event_bus", Name=name, **more)
        assert made is None or name not in there

    @rule(place=places, name=buses)
    def delete_bus(self, place: tuple[str, str], name: str) -> None:
        there = self.call(place, "list_rules", EventBusName=name)
        gone = self.call(place, "delete_event_bus", Name=name)
        blocked = name == "default" or bool(there and there["Rules"])
        assert (gone is None) == blocked

    @rule(place=places, bus=buses, name=names, state=st.sampled_from(["ENABLED", "DISABLED"]))
    def put_rule(self, place: tuple[str, str], bus: str, name: str, state: str) -> None:
        pattern = '{"source": ["s"]}'
        self.call(place, "put_rule", Name=name, EventBusName=bus, EventPattern=pattern, State=state)

    @rule(place=places, bus=buses, name=names, to=places, bus_to=buses, ids=st.integers(1, 2))
    def put_targets(
        self, place: tuple[str, str], bus: str, name: str, to: Any, bus_to: str, ids: int
    ) -> None:
        role = f"arn:aws:iam::{place[0]}:role/r"
        queue = {"Id": "q", "Arn": f"arn:aws:sqs:{place[1]}:{place[0]}:q"}
        other = {"Id": "b", "Arn": self.arn(to, f"event-bus/{bus_to}"), "RoleArn": role}
        targets = [queue, other][:ids]
        self.call(place, "put_targets", Rule=name, EventBusName=bus, Targets=targets)

    @rule(place=places, bus=buses, name=names, ids=st.sampled_from([["q"], ["b"], ["q", "b"]]))
    def remove_targets(self, place: tuple[str, str], bus: str, name: str, ids: list[str]) -> None:
        self.call(place, "remove_targets", Rule=name, EventBusName=bus, Ids=ids)

    @rule(place=places, bus=buses, name=names)
    def delete_rule(self, place: tuple[str, str], bus: str, name: str) -> None:
        there = self.call(place, "list_targets_by_rule", Rule=name, EventBusName=bus)
        gone = self.call(place, "delete_rule", Name=name, EventBusName=bus)
        if there is not None:
            assert (gone is None) == bool(there["Targets"])

    @rule(place=places, bus=buses, by=st.sampled_from([A, B, "*"]), remove=st.booleans())
    def permission(self, place: tuple[str, str], bus: str, by: str, remove: bool) -> None:
        if remove:
            self.call(place, "remove_permission", EventBusName=bus, StatementId="s")
            return
        given = {"Action": "events:PutEvents", "Principal": by, "StatementId": "s"}
        self.call(place, "put_permission", EventBusName=bus, **given)

    @rule(place=places, bus=buses, key=names, remove=st.booleans())
    def tag(self, place: tuple[str, str], bus: str, key: str, remove: bool) -> None:
        arn = self.arn(place, f"event-bus/{bus}")
        if remove:
            self.call(place, "untag_resource", ResourceARN=arn, TagKeys=[key])
        else:
            tags = [{"Key": key, "Value": "v"}]
            self.call(place, "tag_resource", ResourceARN=arn, Tags=tags)

    @rule(place=places, name=names, bus=buses, change=st.sampled_from(["create", "delete"]))
    def archive(self, place: tuple[str, str], name: str, bus: str, change: str) -> None:
        more = {"EventSourceArn": self.arn(place, f"event-bus/{bus}")} if change == "create" else {}
        self.call(place, f"{change}_archive", ArchiveName=name, **more)

    @rule(place=places, name=names, archive=names, bus=buses, cancel=st.booleans())
    def replay(
        self, place: tuple[str, str], name: str, archive: str, bus: str, cancel: bool
    ) -> None:
        if cancel:
            self.call(place, "cancel_replay", ReplayName=name)
            return
        self.call(
            place,
            "start_replay",
            ReplayName=name,
            EventSourceArn=self.arn(place, f"archive/{archive}"),
            EventStartTime="2026-03-01T00:00:00Z",
            EventEndTime="2026-03-03T00:00:00Z",
            Destination={"Arn": self.arn(place, f"event-bus/{bus}")},
        )

    @rule(
        place=places,
        name=names,
        change=st.sampled_from(["create", "create", "deauthorize", "delete"]),
    )
    def connection(self, place: tuple[str, str], name: str, change: str) -> None:
        basic = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
        given = {"AuthorizationType": "BASIC", "AuthParameters": basic}
        more = given if change == "create" else {}
        self.call(place, f"{change}_connection", Name=name, **more)

    @rule(place=places, name=names, connection=names, delete=st.booleans())
    def destination(self, place: tuple[str, str], name: str, connection: str, delete: bool) -> None:
        if delete:
            self.call(place, "delete_api_destination", Name=name)
            return
        found = self.call(place, "describe_connection", Name=connection)
        if found is not None:
            given = {"InvocationEndpoint": "https://example.com", "HttpMethod": "POST"}
            arn = found["ConnectionArn"]
            self.call(place, "create_api_destination", Name=name, ConnectionArn=arn, **given)

    @rule(
        place=places,
        name=st.sampled_from(SOURCES),
        to=st.sampled_from([A, B]),
        change=st.sampled_from(["create", "delete", "activate", "deactivate"]),
    )
    def source(self, place: tuple[str, str], name: str, to: str, change: str) -> None:
        if change in ("create", "delete"):
            self.call(place, f"{change}_partner_event_source", Name=name, Account=to)
        else:
            self.call(place, f"{change}_event_source", Name=name)

    @rule(place=places, name=names, bus=names, delete=st.booleans())
    def endpoint(self, place: tuple[str, str], name: str, bus: str, delete: bool) -> None:
        if delete:
            self.call(place, "delete_endpoint", Name=name)
            return
        other = WEST if place[1] == EAST else EAST
        failover = {
            "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/h"},
            "Secondary": {"Route": other},
        }
        arns = [self.arn((place[0], region), f"event-bus/{bus}") for region in (EAST, WEST)]
        self.call(
            place,
            "create_endpoint",
            Name=name,
            RoutingConfig={"FailoverConfig": failover},
            EventBuses=[{"EventBusArn": arn} for arn in arns],
            RoleArn=f"arn:aws:iam::{place[0]}:role/r",
        )

    @rule(place=places, bus=buses, to=places)
    def put_events(self, place: tuple[str, str], bus: str, to: tuple[str, str]) -> None:
        entry = {"Source": "s", "DetailType": "d", "Detail": "{}"}
        arn = self.arn((to[0], place[1]), f"event-bus/{bus}")
        self.call(place, "put_events", Entries=[entry | {"EventBusName": arn}])

    @rule(seconds=st.sampled_from([1, 40, 90, 3600, 86_400, 15 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.world.run(seconds=seconds)

    def listed(self, place: tuple[str, str], method: str, member: str, key: str) -> list[str]:
        """The names of a list; two small pages have what one large page has."""
        client = self.world.client(account=place[0], region=place[1])
        whole = getattr(client, method)()[member]
        limit = "MaxResults" if method == "list_endpoints" else "Limit"
        paged, token = [], {}
        for _ in range(len(whole) // 2 + 1):
            page = getattr(client, method)(**{limit: 2}, **token)
            paged += page[member]
            token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
            if not token:
                break
        assert not token
        assert paged == whole
        return [one[key] for one in whole]

    @invariant()
    def lists_equal_describes(self) -> None:
        """Where the last call was made: unique names, in order, each of them described as it is listed."""
        client = self.world.client(account=self.place[0], region=self.place[1])
        for method, member, describe, key, arn in KINDS:
            found = self.listed(self.place, method, member, key)
            assert found == sorted(set(found))
            for one in getattr(client, method)()[member]:
                shown = getattr(client, describe)(**{key: one[key]})
                assert {name: shown[name] for name in one} == one
                assert one[key] in shown[arn]
        for bus in client.list_event_buses()["EventBuses"]:
            assert client.describe_event_bus(Name=bus["Arn"])["Name"] == bus["Name"]
            client.list_tags_for_resource(ResourceARN=bus["Arn"])
            for one in client.list_rules(EventBusName=bus["Name"])["Rules"]:
                shown = client.describe_rule(Name=one["Name"], EventBusName=bus["Arn"])
                assert {name: shown[name] for name in one} == one
                client.list_tags_for_resource(ResourceARN=one["Arn"])
                targets = client.list_targets_by_rule(Rule=one["Name"], EventBusName=bus["Name"])
                for target in targets["Targets"]:
                    rules = client.list_rule_names_by_target(
                        TargetArn=target["Arn"], EventBusName=bus["Name"]
                    )
                    assert one["Name"] in rules["RuleNames"]

    def teardown(self) -> None:
        """A fork and a pickle have the same future; the trace is what its file says."""
        copies = [self.world.fork(), pickle.loads(pickle.dumps(self.world))]
        for world in (self.world, *copies):
            world.run(hours=1)
            world.client().list_rules()
        digest = self.world.trace.digest()
        assert [copy.trace.digest() for copy in copies] == [digest, digest]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trace.jsonl"
            self.world.trace.to_jsonl(path)
            assert sb.Trace.from_jsonl(path).digest() == digest


TestApi = Api.TestCase
TestApi.settings = settings(
    max_examples=MORE or 30,
    stateful_step_count=50,
    derandomize=not MORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
