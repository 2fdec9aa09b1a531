"""Replays (fidelity 6.4, 6.6): every condition and text."""

from __future__ import annotations

import pytest

from simbridge.api.reports import ReportInbox
from simbridge.base import clock
from simbridge.kernel import Kernel
from simbridge.model.messages import Configure
from simbridge.model.state_messages import Progress, Stop

ACCOUNT = "123456789012"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
ARCHIVE = f"arn:aws:events:us-east-1:{ACCOUNT}:archive/a"
REPLAY = f"arn:aws:events:us-east-1:{ACCOUNT}:replay/"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/"
INVALID, MISSING = "ValidationException", "ResourceNotFoundException"
START, END = 1_770_000_000, 1_770_001_200


@pytest.fixture
def archived(api):
    """An API that has an archive `a` of the default bus, with its messages read."""
    api.create_archive(ArchiveName="a", EventSourceArn=BUS)
    api.news()
    return api


def window(name="r", **more):
    """A valid request, with changes."""
    return {
        "ReplayName": name,
        "EventSourceArn": ARCHIVE,
        "EventStartTime": START,
        "EventEndTime": END,
        "Destination": {"Arn": BUS},
    } | more


def report(api, name, *progress, at=None):
    """Let a replay report to the control plane."""
    kernel = Kernel(
        seed=7,
        start=api.kernel.now if at is None else at,
        create_actor=lambda *_: ReportInbox(api.store),
    )
    for message in progress:
        kernel.send(REPLAY + name, "api:us-east-1:" + ACCOUNT, message)
    kernel.settle()


def test_start_answers_starting(archived):
    """With the ARN and the whole second it was started in; the replay itself gets a message."""
    api = archived
    at = api.kernel.now // clock.SECOND
    assert api.start_replay(**window()) == {
        "ReplayArn": REPLAY + "r",
        "State": "STARTING",
        "ReplayStartTime": at,
    }
    [(to, message)] = api.news()
    assert (to, message) == (REPLAY + "r", Configure(api.store.replays["r"].replay))
    assert message.resource.filter_arns == ()


def test_describe_and_list(archived):
    """What has not happened yet is left out; a list has neither ARN, description nor destination."""
    api = archived
    api.put_rule(Name="x", EventPattern='{"source":["s"]}')
    at = api.kernel.now // clock.SECOND
    destination = {"Arn": BUS, "FilterArns": [RULE + "x"]}
    api.start_replay(**window(Description="d", Destination=destination))
    listed = {
        "ReplayName": "r",
        "EventSourceArn": ARCHIVE,
        "State": "STARTING",
        "EventStartTime": START,
        "EventEndTime": END,
        "ReplayStartTime": at,
    }
    assert api.list_replays() == {"Replays": [listed]}
    assert api.describe_replay(ReplayName="r") == listed | {
        "ReplayArn": REPLAY + "r",
        "Description": "d",
        "Destination": destination,
    }
    last_us = START * clock.SECOND
    report(api, "r", Progress("RUNNING", None, last_us), Progress("FAILED", "why", last_us))
    assert api.list_replays()["Replays"] == [
        listed
        | {
            "State": "FAILED",
            "StateReason": "why",
            "EventLastReplayedTime": START,
            "ReplayEndTime": at,
        }
    ]


@pytest.mark.parametrize(
    ("wrong", "code", "text"),
    [
        (
            {"EventEndTime": START},
            INVALID,
            "Parameter EventEndTime is not valid. "
            "Reason: EventStartTime must be before EventEndTime.",
        ),
        (
            {"EventStartTime": START + 0.2, "EventEndTime": START + 0.9},
            INVALID,
            "Parameter EventEndTime is not valid. "
            "Reason: EventStartTime must be before EventEndTime.",
        ),
        (
            {"EventEndTime": START - 1, "EventSourceArn": ARCHIVE + "no"},
            INVALID,
            "Parameter EventEndTime is not valid. "
            "Reason: EventStartTime must be before EventEndTime.",
        ),
        (
            {"EventSourceArn": ARCHIVE + "no"},
            INVALID,
            "Parameter EventSourceArn is not valid. Reason: Archive ano does not exist.",
        ),
        (
            {"EventSourceArn": ARCHIVE.replace("us-east-1", "eu-west-1")},
            INVALID,
            "Parameter EventSourceArn is not valid. Reason: Archive a does not exist.",
        ),
        (
            {"EventSourceArn": BUS},
            INVALID,
            "Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN.",
        ),
        (
            {"Destination": {"Arn": ARCHIVE}},
            INVALID,
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
        ),
        (
            {"Destination": {"Arn": BUS.replace(":events:", ":sqs:")}},
            INVALID,
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
        ),
        (
            {"Destination": {"Arn": "arn:no"}},
            INVALID,
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
        ),
        (
            {"Destination": {"Arn": "default"}},
            INVALID,
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
        ),
        (
            {"Destination": {"Arn": BUS.replace("default", "no")}},
            MISSING,
            "Event bus no does not exist.",
        ),
        (
            {"Destination": {"Arn": BUS.replace("default", "other")}},
            INVALID,
            "Parameter Destination.Arn is not valid. "
            "Reason: Cross event bus replay is not permitted.",
        ),
        (
            {"Destination": {"Arn": BUS, "FilterArns": [RULE + "no", ""]}},
            INVALID,
            f"1 validation error detected: Value '[{RULE}no, ]' at 'destination.filterArns' failed "
            "to satisfy constraint: Member must satisfy constraint: [Member must have length less "
            "than or equal to 1600, Member must have length greater than or equal to 1]",
        ),
        (
            {"Destination": {"Arn": BUS, "FilterArns": [RULE + "no"]}},
            MISSING,
            "Rule no does not exist on EventBus default.",
        ),
        (
            {"Destination": {"Arn": BUS, "FilterArns": [RULE + "other/x"]}},
            MISSING,
            "Rule x does not exist on EventBus default.",
        ),
    ],
)
def test_what_start_refuses(archived, wrong, code, text):
    """Each condition with its words; a refused replay leaves its name free."""
    api = archived
    api.create_event_bus(Name="other")
    api.put_rule(Name="x", EventBusName="other", EventPattern='{"source":["s"]}')
    assert api.refused("start_replay", **window(**wrong)) == (code, text)
    api.start_replay(**window())


def test_a_name_is_taken_in_any_state_and_archive(archived):
    """Until 90 days after the replay has ended; there is no way to delete one."""
    api = archived
    taken = ("ResourceAlreadyExistsException", "Replay r already exists.")
    api.start_replay(**window())
    assert api.refused("start_replay", **window()) == taken
    api.create_archive(ArchiveName="b", EventSourceArn=BUS)
    report(api, "r", Progress("COMPLETED"))
    assert api.refused("start_replay", **window(EventSourceArn=ARCHIVE[:-1] + "b")) == taken
    ended = api.store.replays["r"].ended_us
    api.kernel.run(ended + 90 * 86_400 * clock.SECOND - 3_000_000)
    assert api.refused("start_replay", **window()) == taken
    assert [replay["ReplayName"] for replay in api.list_replays()["Replays"]] == ["r"]
    api.kernel.run(ended + 90 * 86_400 * clock.SECOND)
    assert api.list_replays()["Replays"] == []
    assert api.refused("describe_replay", ReplayName="r") == (MISSING, "Replay r does not exist.")
    api.start_replay(**window())


def test_ten_at_a_time(archived):
    """Only those that start or run count; cancelling one makes room."""
    api = archived
    for number in range(10):
        api.start_replay(**window(f"r{number}"))
    report(api, "r1", Progress("RUNNING"))
    full = ("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    assert api.refused("start_replay", **window("next")) == full
    api.cancel_replay(ReplayName="r0")
    api.start_replay(**window("next"))
    assert api.refused("start_replay", **window("another")) == full
    report(api, "r1", Progress("COMPLETED"))
    api.start_replay(**window("another"))


def test_cancel(archived):
    """Answers CANCELLING, stops the replay, and is refused from then on."""
    api = archived
    api.start_replay(**window())
    api.news()
    assert api.cancel_replay(ReplayName="r") == {"ReplayArn": REPLAY + "r", "State": "CANCELLING"}
    assert api.news() == [(REPLAY + "r", Stop("CANCELLED"))]
    described = api.describe_replay(ReplayName="r")
    assert not {"ReplayEndTime", "EventLastReplayedTime", "StateReason"} & set(described)
    report(api, "r", Progress("RUNNING", None, START * clock.SECOND))
    assert api.describe_replay(ReplayName="r")["State"] == "CANCELLING"


@pytest.mark.parametrize("state", ["COMPLETED", "CANCELLED", "FAILED", "CANCELLING"])
def test_what_has_ended_cannot_be_cancelled(archived, state):
    """Nor what is being cancelled."""
    api = archived
    api.start_replay(**window())
    if state == "CANCELLING":
        api.cancel_replay(ReplayName="r")
    else:
        report(api, "r", Progress(state))
    assert api.refused("cancel_replay", ReplayName="r") == (
        "IllegalStatusException",
        "Replay r is not in a valid state for this operation.",
    )


@pytest.mark.parametrize("operation", ["cancel_replay", "describe_replay"])
def test_an_unknown_replay_is_refused(api, operation):
    """Cancel and describe alike (recorded)."""
    assert api.refused(operation, ReplayName="no") == (MISSING, "Replay no does not exist.")


def test_a_list_takes_one_filter_and_comes_in_pages(archived):
    """Prefix, state or archive; an unknown archive has no replays."""
    api = archived
    for name in ("a1", "a2", "b1"):
        api.start_replay(**window(name))
    report(api, "a2", Progress("RUNNING"))

    def names(**asked):
        return [replay["ReplayName"] for replay in api.list_replays(**asked)["Replays"]]

    assert names(NamePrefix="a") == ["a1", "a2"]
    assert names(State="RUNNING") == ["a2"]
    assert names(EventSourceArn=ARCHIVE) == ["a1", "a2", "b1"]
    assert names(EventSourceArn=ARCHIVE + "no") == []
    first = api.list_replays(Limit=2)
    assert names(Limit=2, NextToken=first["NextToken"]) == ["b1"]
    text = (
        "At most one filter is allowed for ListReplays. "
        "Use either : State, EventSourceArn, or NamePrefix."
    )
    asked = {"State": "RUNNING", "EventSourceArn": ARCHIVE}
    assert api.refused("list_replays", **asked) == (INVALID, text)


def test_deleting_the_archive_stops_its_replays(archived):
    """Those that have not ended, and no other archive's."""
    api = archived
    api.create_archive(ArchiveName="b", EventSourceArn=BUS)
    api.start_replay(**window("ended"))
    report(api, "ended", Progress("COMPLETED"))
    api.start_replay(**window("running"))
    api.start_replay(**window("other", EventSourceArn=ARCHIVE[:-1] + "b"))
    api.news()
    api.delete_archive(ArchiveName="a")
    stops = [(to, message) for to, message in api.news() if isinstance(message, Stop)]
    assert stops == [(REPLAY + "running", Stop("FAILED", "Archive resource not found."))]


def test_a_report_of_an_unknown_replay_is_ignored(api):
    """A replay that the store does not know is not made up."""
    report(api, "no", Progress("RUNNING"))
    assert api.store.replays == {}
