"""PutEvents and TestEventPattern (fidelity 1.4, 1.5, 1.7)."""

from __future__ import annotations

import json
import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simbridge.api.events import DETAIL_LEVELS_MAX
from simbridge.base.errors import ServiceError
from simbridge.model.messages import Publish

INVALID = "ValidationException"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/"
ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}
MALFORMED = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
TOO_BIG = (INVALID, "Total size of the entries in the request is over the limit.")


def put(api, *entries):
    return api.put_events(Entries=[ENTRY | entry for entry in entries])


def published(api):
    """The events that were sent: (bus, event)."""
    return [(to, message.event) for to, message in api.news() if isinstance(message, Publish)]


def test_the_envelope(api):
    """Keys in AWS's order, detail as an object, and the id that was answered."""
    answer = put(
        api,
        {
            "Detail": '{"b": 1, "a": [1.5, null, "x"]}',
            "Resources": ["arn:x", "y"],
            "Time": 1640995200.987,
        },
    )
    [(bus, event)] = published(api)
    event_id = answer["Entries"][0]["EventId"]
    assert answer == {"FailedEntryCount": 0, "Entries": [{"EventId": event_id}]}
    assert bus == event.bus == BUS + "default"
    assert json.dumps(event.envelope, separators=(",", ":")) == (
        f'{{"version":"0","id":"{event_id}","detail-type":"paid","source":"shop",'
        '"account":"123456789012","time":"2022-01-01T00:00:00Z","region":"us-east-1",'
        '"resources":["arn:x","y"],"detail":{"b":1,"a":[1.5,null,"x"]}}'
    )


def test_defaults_of_the_envelope(api):
    """Without Time it is the time of the call, fractions cut off; without Resources none."""
    start = api.kernel.now
    put(api, {})
    [(_, event)] = published(api)
    assert event.envelope["time"] == "2026-03-01T00:00:01Z"
    assert event.envelope["resources"] == []
    assert event.ingested_us == start
    assert start % 1_000_000 == 123456


def test_ids_look_like_uuids_and_differ(api):
    """128 random bits in the shape of a UUID, also for events that are dropped."""
    entries = [ENTRY | {"EventBusName": name} for name in ("default", "none")] * 5
    ids = [entry["EventId"] for entry in api.put_events(Entries=entries)["Entries"]]
    assert len(set(ids)) == 10
    form = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    assert all(form.fullmatch(event_id) for event_id in ids)


def test_ids_of_one_bus_do_not_depend_on_others(api_with):
    """Ids come from a stream of the bus: other events and refused calls leave it as it was."""

    def third_id(*, busy):
        api = api_with()
        put(api, {}, {})
        if busy:
            put(api, {"EventBusName": "other"}, {"Source": ""}, {"Detail": "["})
            api.refused("put_events", Entries=[ENTRY | {"Detail": json.dumps("x" * 2**20)}])
        return put(api, {})["Entries"][0]["EventId"]

    assert third_id(busy=False) == third_id(busy=True)


def required(name):
    return {
        "ErrorCode": "InvalidArgument",
        "ErrorMessage": f"Parameter {name} is not valid. Reason: {name} is a required argument.",
    }


FORBIDDEN = {
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}
BIG, SMALL = 2**63, -(2**63) - 1


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        ({"Source": ""}, required("Source")),
        ({"Source": None, "DetailType": None, "Detail": None}, required("Source")),
        ({"DetailType": "", "Detail": ""}, required("DetailType")),
        ({"Detail": ""}, required("Detail")),
        ({"Source": "aws.s3", "Detail": ""}, required("Detail")),
        ({"Source": "aws.s3", "Detail": "not json"}, FORBIDDEN),
        ({"Source": "aws."}, FORBIDDEN),
        *(
            ({"Detail": detail}, MALFORMED)
            for detail in (
                "text",
                "[]",
                '[{"a": 1}]',
                "{{}",
                "{",
                '"text"',
                "1",
                "null",
                " ",
                "{} {}",
                '{"a": NaN}',
                '{"a": 1e999}',
                '{"a": "\\x"}',
                "{'a': 1}",
                '{"a": 01}',
                f'{{"a": {BIG}}}',
                f'{{"a": [{{"b": {SMALL}}}]}}',
                f'{{"a": {BIG}.0, "b": {10**40}}}',
                "\ufeff{}",
            )
        ),
        (
            {"Time": 1e15},
            {"ErrorCode": "InvalidArgument", "ErrorMessage": "Parameter Time is not valid."},
        ),
    ],
)
def test_a_bad_entry_keeps_no_other_out(api, entry, answer):
    """Each entry is answered in its place; the good ones are ingested, and HTTP says 200."""
    result = put(api, {}, entry, {"DetailType": "last"})
    assert result["FailedEntryCount"] == 1
    assert result["Entries"][1] == answer
    assert [set(entry) for entry in (result["Entries"][0], result["Entries"][2])] == [
        {"EventId"},
        {"EventId"},
    ]
    assert [event.id for _, event in published(api)] == [
        result["Entries"][0]["EventId"],
        result["Entries"][2]["EventId"],
    ]


def test_all_entries_may_fail(api):
    """The call succeeds all the same, and nothing is sent."""
    answer = put(api, {"Source": ""}, {"Detail": "["})
    assert answer == {"FailedEntryCount": 2, "Entries": [required("Source"), MALFORMED]}
    assert published(api) == []


@pytest.mark.parametrize(
    "detail",
    [
        "{}",
        ' {"a": 1} ',
        f'{{"a": {2**63 - 1}, "b": {-(2**63)}}}',
        f'{{"a": {2**63}.5, "b": 1e30, "c": "{10**40}", "{10**40}": 1}}',
        '{"a": "\\u0000\\ud83d\\ude00"}',
    ],
)
def test_details_that_are_fine(api, detail):
    """Long numbers as floats or in strings, extreme integers, any Unicode, white space."""
    put(api, {"Detail": detail})
    [(_, event)] = published(api)
    assert event.envelope["detail"] == json.loads(detail)


def test_the_last_of_equal_keys_counts(api):
    """A detail with a key twice has the later value."""
    put(api, {"Detail": '{"a": 1, "a": 2}'})
    assert published(api)[0][1].envelope["detail"] == {"a": 2}


def nested(levels):
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


def test_nesting_is_bounded_wherever_the_call_comes_from(api):
    """1,000 levels are accepted and 1,001 are not, however deep the stack below the call is."""

    def call_from(depth, levels):
        if depth:
            return call_from(depth - 1, levels)
        return put(api, {"Detail": nested(levels)})["FailedEntryCount"]

    limit = sys.getrecursionlimit()
    for depth in (0, 500):
        assert call_from(depth, DETAIL_LEVELS_MAX) == 0
        assert call_from(depth, DETAIL_LEVELS_MAX + 1) == 1
        assert call_from(depth, 100_000 // 6) == 1
    assert sys.getrecursionlimit() == limit
    wide = json.dumps({"a": [{"b": "{" * 9}] * 2000, "c": '"]}'})
    assert put(api, {"Detail": wide})["FailedEntryCount"] == 0
    assert put(api, {"Detail": "{" * 5000})["FailedEntryCount"] == 1
    assert put(api, {"Detail": nested(900)[:-1]})["FailedEntryCount"] == 1


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(detail=st.dictionaries(st.text(max_size=3), VALUES, max_size=3))
def test_details_are_what_json_says_they_are(api, detail):
    """Any JSON object with integers of 64 bits arrives as it is; with larger ones it is refused."""
    text = json.dumps(detail)

    def fits(value):
        if isinstance(value, dict):
            return all(map(fits, value.values()))
        if isinstance(value, list):
            return all(map(fits, value))
        return not isinstance(value, int) or SMALL < value < BIG

    answer = put(api, {"Detail": text})
    events = published(api)
    if fits(detail):
        assert [event.envelope["detail"] for _, event in events] == [json.loads(text)]
    else:
        assert answer["Entries"] == [MALFORMED]


def test_eleven_entries_are_refused_with_all_of_them_printed(api):
    """The service prints the request in Java's way, with members the client does not know."""
    one = (
        "PutEventsRequestEntry(time=null, source=shop, resources=null, detailType=paid, "
        "detail={}, eventBusName=b, traceHeader=null, kmsKeyIdentifier=null, "
        "internalMetadata=null)"
    )
    entries = [ENTRY | {"EventBusName": "b"}] * 11
    assert api.refused("put_events", Entries=entries) == (
        INVALID,
        f"1 validation error detected: Value '[{', '.join([one] * 11)}]' at 'entries' failed to "
        "satisfy constraint: Member must have length less than or equal to 10",
    )


def test_no_entries_are_refused(api):
    """An empty list is refused in the same form."""
    assert api.refused("put_events", Entries=[]) == (
        INVALID,
        "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1",
    )


def test_size_counts_bytes_of_what_is_documented(api_with):
    """Source, DetailType, Detail, Resources in UTF-8 and 14 for Time; nothing else."""
    entry = {
        "Source": "sé",
        "DetailType": "d€",
        "Detail": '{"a": "😀"}',
        "Resources": ["r", "ß"],
        "Time": 0,
        "EventBusName": "not-counted",
        "TraceHeader": "not counted",
    }
    size = 3 + 4 + 13 + 1 + 2 + 14
    assert api_with(put_events_bytes=size).refused("put_events", Entries=[entry]) == TOO_BIG
    api = api_with(put_events_bytes=size + 1)
    put(api, entry | {"EventBusName": "default"})
    assert published(api)[0][1].size_bytes == size
    assert api.refused("put_events", Entries=[entry, ENTRY]) == TOO_BIG


def test_the_limit_is_on_the_sum_of_all_entries(api):
    """1,048,575 bytes are accepted, one more refuses the request; bad entries count as well."""
    room = 1_048_575 - 2 * len("shoppaid") - len("{}") - len('{"a":""}')
    filler = '{"a":"' + "x" * room + '"}'
    assert put(api, {}, {"Detail": filler})["FailedEntryCount"] == 0
    published(api)
    longer = ENTRY | {"Detail": filler + " "}
    assert api.refused("put_events", Entries=[ENTRY, longer]) == TOO_BIG
    broken = ENTRY | {"Detail": filler[:-1] + "  "}
    assert api.refused("put_events", Entries=[ENTRY, broken]) == TOO_BIG


def test_the_limit_of_older_days_is_a_setting(api_with):
    """256 KiB, as it was until January 2026 (recorded: a detail of this size was refused)."""
    api = api_with(put_events_bytes=262_144)
    detail = '{"a":"' + "x" * (262_144 - len('{"a":""}')) + '"}'
    assert api.refused("put_events", Entries=[ENTRY | {"Detail": detail}]) == TOO_BIG
    put(api, {"Detail": detail[: -3 - len("shoppaid")] + '"}'})
    assert [event.size_bytes for _, event in published(api)] == [262_143]


def test_events_for_unknown_buses_are_accepted_and_dropped(api):
    """They have an id and are delivered to no target; only the call in the trace shows them."""
    api.create_event_bus(Name="b")
    api.news()
    names = ["none", BUS + "none", "b", BUS + "b", "default"]
    answer = put(api, *({"EventBusName": name} for name in names))
    assert answer["FailedEntryCount"] == 0
    assert all("EventId" in entry for entry in answer["Entries"])
    assert [bus for bus, _ in published(api)] == [BUS + "b", BUS + "b", BUS + "default"]
    calls = [entry[5] for entry in api.kernel.trace if type(entry[5]).__name__ == "Call"]
    assert calls[-1].response == answer


@pytest.mark.parametrize(
    ("bus", "refusal"),
    [
        (
            "arn:aws:events:us-east-1:210987654321:event-bus/b",
            (
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:root is not authorized to perform: "
                "events:PutEvents on resource: arn:aws:events:us-east-1:210987654321:event-bus/b "
                "because no resource-based policy allows the events:PutEvents action",
            ),
        ),
        (
            "arn:aws:events:eu-west-1:123456789012:event-bus/default",
            (INVALID, "Cross-region api call is not allowed."),
        ),
    ],
)
def test_a_bus_out_of_reach_refuses_the_whole_request(api, bus, refusal):
    """No entry is ingested, not even those for other buses, and not where this one is bad."""
    for entry in ({}, {"Source": ""}):
        entries = [ENTRY, ENTRY | {"EventBusName": bus} | entry]
        assert api.refused("put_events", Entries=entries) == refusal


def test_partner_buses_cannot_be_addressed(api):
    """A name with a slash violates the service model."""
    code, text = api.refused("put_events", Entries=[ENTRY | {"EventBusName": "aws.partner/a/b"}])
    assert code == INVALID
    assert "at 'entries.1.member.eventBusName' failed to satisfy constraint" in text


def test_events_say_their_sender_and_place(api):
    """Account and region are those of the call."""
    api.account, api.region = "210987654321", "eu-west-1"
    put(api, {})
    [(bus, event)] = published(api)
    assert bus == "arn:aws:events:eu-west-1:210987654321:event-bus/default"
    assert (event.envelope["account"], event.envelope["region"]) == ("210987654321", "eu-west-1")


TESTED = {
    "id": "1",
    "account": "123456789012",
    "source": "shop",
    "time": "2022-01-01T00:00:00Z",
    "region": "us-east-1",
    "detail-type": "paid",
}


@pytest.mark.parametrize(
    ("pattern", "extra", "result"),
    [
        ('{"source":["shop"]}', {}, True),
        ('{"source":["other"]}', {}, False),
        ('{"unknown":["field"]}', {"unknown": "field"}, True),
        ('{"detail-type":["paid"]}', {"detail-type": "paid", "resources": []}, True),
        ('{"source":["shop"]}', {"detail-type": ["paid", "twice"]}, True),
    ],
)
def test_a_pattern_can_be_tried(api, pattern, extra, result):
    """TestEventPattern needs no `resources`, and takes fields that events do not have."""
    event = json.dumps(TESTED | extra)
    assert api.test_event_pattern(EventPattern=pattern, Event=event) == {"Result": result}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("text", "Parameter Event is not valid."),
        ("[]", "Parameter Event is not valid."),
        ("", "Parameter Event is not valid."),
        ("{" * 5000, "Parameter Event is not valid."),
        *(
            (
                json.dumps({k: v for k, v in TESTED.items() if k != left_out}),
                "Parameter Event is not valid.",
            )
            for left_out in TESTED
        ),
        *(
            (
                json.dumps(TESTED | {"time": time}),
                "Parameter Event is not valid. Reason: Invalid time.",
            )
            for time in ("yesterday", "", 5, None, "2022-13-01T00:00:00Z")
        ),
    ],
)
def test_the_tried_event_must_be_an_event(api, event, text):
    """A JSON object with the mandatory fields and a time that can be read."""
    refusal = api.refused("test_event_pattern", EventPattern='{"source":["a"]}', Event=event)
    assert refusal == (INVALID, text)


def test_the_tried_pattern_must_be_one(api):
    """The error is that of PutRule."""
    code, text = api.refused("test_event_pattern", EventPattern="[]", Event=json.dumps(TESTED))
    assert code == "InvalidEventPatternException"
    assert text.startswith("Event pattern is not valid. Reason: Filter is not an object")


@pytest.mark.parametrize("inner", ["prefix", "suffix", "equals-ignore-case", "wildcard"])
def test_an_exclusion_of_nothing_breaks_the_service(api, inner):
    """An empty list behind an inner operator is an internal failure without a word (captured)."""
    pattern = json.dumps({"$or": [{"a": [1]}, {"b": {"c": [1, {"anything-but": {inner: []}}]}}]})
    event = json.dumps(
        {"id": "1", "account": "1", "source": "s", "time": "2026-01-01T00:00:00Z", "region": "r"}
        | {"detail-type": "t"}
    )
    arn = BUS + "default"
    for name, request in {
        "TestEventPattern": {"EventPattern": pattern, "Event": event},
        "PutRule": {"Name": "r", "EventPattern": pattern},
        "CreateArchive": {"ArchiveName": "a", "EventSourceArn": arn, "EventPattern": pattern},
    }.items():
        with pytest.raises(ServiceError) as caught:
            api.call(name, **request)
        found = caught.value
        assert (found.code, found.message, found.status) == ("InternalFailure", "", 500)
    assert (
        api.refused("test_event_pattern", EventPattern='{"a":[{"anything-but":[]}]}', Event=event)[
            0
        ]
        == "InvalidEventPatternException"
    )
