"""Archives (fidelity 6.1, 6.2): every condition, text and visible rule."""

from __future__ import annotations

import json

import pytest

from simbridge.api.reports import ReportInbox
from simbridge.base import clock
from simbridge.kernel import Kernel
from simbridge.model.messages import Configure, Retire
from simbridge.model.resources import Archive, Rule
from simbridge.model.state_messages import Counted

ACCOUNT = "123456789012"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
ARCHIVE = f"arn:aws:events:us-east-1:{ACCOUNT}:archive/"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/"
PATTERN = '{"source":["shop"]}'
NOT_REPLAYED = '"replay-name":[{"exists":false}]'
CREATED = clock.instant("2026-03-01T00:00:01Z") // clock.SECOND
FULL = ("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
INVALID, MISSING = "ValidationException", "ResourceNotFoundException"


def create(api, name="a", **more):
    """An archive of the default bus."""
    return api.create_archive(ArchiveName=name, **{"EventSourceArn": BUS, **more})


def test_create_answers_at_once(api):
    """The archive is ENABLED from the first answer on; times are whole seconds."""
    assert create(api) == {"ArchiveArn": ARCHIVE + "a", "State": "ENABLED", "CreationTime": CREATED}


def test_describe_has_what_was_set_and_the_counters(api):
    """Optional fields that were not given stay away; a retention of 0 is shown."""
    create(api)
    short = {
        "ArchiveArn": ARCHIVE + "a",
        "ArchiveName": "a",
        "EventSourceArn": BUS,
        "State": "ENABLED",
        "RetentionDays": 0,
        "SizeBytes": 0,
        "EventCount": 0,
        "CreationTime": CREATED,
    }
    assert api.describe_archive(ArchiveName="a") == short
    create(api, "b", Description="d", EventPattern=PATTERN, RetentionDays=7)
    assert api.describe_archive(ArchiveName="b") == short | {
        "ArchiveArn": ARCHIVE + "b",
        "ArchiveName": "b",
        "RetentionDays": 7,
        "Description": "d",
        "EventPattern": PATTERN,
    }


def test_lists_show_less(api):
    """A listed archive has neither ARN nor description nor pattern; the order is that of the names."""
    create(api, "b", Description="d", EventPattern=PATTERN, RetentionDays=7)
    create(api, "a")
    listed = api.list_archives()
    assert [archive["ArchiveName"] for archive in listed["Archives"]] == ["a", "b"]
    assert "NextToken" not in listed
    assert set(listed["Archives"][1]) == {
        "ArchiveName",
        "EventSourceArn",
        "State",
        "RetentionDays",
        "SizeBytes",
        "EventCount",
        "CreationTime",
    }


EMPTIED = {"Description": "", "EventPattern": "", "KmsKeyIdentifier": ""}
FILLED = {"Description": "d", "EventPattern": PATTERN, "KmsKeyIdentifier": "key"}


def test_an_empty_text_is_none(api):
    """Create takes it as left out; an update with it removes what was there (captured)."""
    create(api, **EMPTIED)
    bare = api.describe_archive(ArchiveName="a")
    assert not set(EMPTIED) & set(bare)
    api.update_archive(ArchiveName="a", RetentionDays=3, **FILLED)
    assert api.describe_archive(ArchiveName="a") == bare | FILLED | {"RetentionDays": 3}
    api.update_archive(ArchiveName="a", RetentionDays=0, **EMPTIED)
    assert api.describe_archive(ArchiveName="a") == bare


@pytest.mark.parametrize("name", ["Description", "EventPattern"])
def test_an_empty_text_alone_is_an_update(api, name):
    """It removes this one thing; what the request leaves out stays, the retention too."""
    create(api, RetentionDays=3, **FILLED)
    before = api.describe_archive(ArchiveName="a")
    api.update_archive(ArchiveName="a", **{name: ""})
    assert before.pop(name) == FILLED[name]
    assert api.describe_archive(ArchiveName="a") == before


def test_a_key_alone_is_no_update(api):
    """Pattern, retention or description must be there as well."""
    create(api)
    text = "At least one of EventPattern, RetentionDays or Description must be provided."
    refused = api.refused("update_archive", ArchiveName="a", KmsKeyIdentifier="key")
    assert refused == (INVALID, text)


def test_a_retention_beyond_32_bits_is_cut(api):
    """It is the largest number of 32 bits then (captured)."""
    create(api, RetentionDays=2**31)
    assert api.describe_archive(ArchiveName="a")["RetentionDays"] == 2**31 - 1
    api.update_archive(ArchiveName="a", RetentionDays=5)
    api.update_archive(ArchiveName="a", RetentionDays=2**40)
    assert api.describe_archive(ArchiveName="a")["RetentionDays"] == 2**31 - 1


@pytest.mark.parametrize(
    "arn",
    [
        BUS.replace("default", "no"),
        BUS.replace("default", "no").replace("us-east-1", "eu-west-1"),
    ],
)
def test_the_bus_must_be_there(api, arn):
    """A bus of another region does not exist either (lint)."""
    refused = api.refused("create_archive", ArchiveName="a", EventSourceArn=arn)
    assert refused == (MISSING, "Event bus no does not exist.")


def test_the_default_bus_of_another_region_is_another_bus(api):
    """It is refused by its name, although a bus of this name is here."""
    arn = BUS.replace("us-east-1", "eu-west-1")
    refused = api.refused("create_archive", ArchiveName="a", EventSourceArn=arn)
    assert refused == (MISSING, "Event bus default does not exist.")


def test_the_source_must_have_the_form_of_an_events_arn(api):
    """What the model's pattern does not match never gets as far as a look-up (lint)."""
    code, text = api.refused(
        "create_archive", ArchiveName="a", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:q"
    )
    assert code == INVALID
    assert "at 'eventSourceArn' failed to satisfy constraint: Member must satisfy regular" in text


@pytest.mark.parametrize(
    "resource", ["rule/missing", "rule/b/missing", "archive/a", "connection/c/1"]
)
@pytest.mark.parametrize("operation", ["create_archive", "list_archives"])
def test_the_source_must_be_a_bus(api, operation, resource):
    """Other things of EventBridge are refused before they are looked for (captured for a rule)."""
    asked = {"EventSourceArn": BUS.replace("event-bus/default", resource)}
    if operation == "create_archive":
        asked["ArchiveName"] = "a"
    text = "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN."
    assert api.refused(operation, **asked) == (INVALID, text)


@pytest.mark.parametrize("operation", ["describe_archive", "delete_archive"])
def test_an_arn_is_no_name(api, operation):
    """It is too long, which is said first, and has the wrong form (captured)."""
    arn = ARCHIVE + "archive-with-a-long-name"
    at = f"Value '{arn}' at 'archiveName' failed to satisfy constraint: Member must "
    text = (
        f"2 validation errors detected: {at}have length less than or equal to 48; "
        rf"{at}satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
    )
    assert api.refused(operation, ArchiveName=arn) == (INVALID, text)
    listed = api.refused("list_archives", NamePrefix=arn)
    assert listed == (INVALID, text.replace("archiveName", "namePrefix"))


def test_a_name_is_taken_once(api):
    """On whichever bus (recorded)."""
    create(api)
    api.create_event_bus(Name="b")
    refused = api.refused(
        "create_archive", ArchiveName="a", EventSourceArn=BUS.replace("default", "b")
    )
    assert refused == ("ResourceAlreadyExistsException", "Archive a already exists.")


@pytest.mark.parametrize("operation", ["describe_archive", "delete_archive"])
def test_an_unknown_archive_is_refused(api, operation):
    """Describe and delete alike (recorded)."""
    assert api.refused(operation, ArchiveName="no") == (MISSING, "Archive no does not exist.")


def test_an_update_wants_something_to_update_before_it_wants_an_archive(api):
    """The empty update is refused before the archive is looked for (recorded)."""
    text = "At least one of EventPattern, RetentionDays or Description must be provided."
    assert api.refused("update_archive", ArchiveName="no") == (INVALID, text)
    assert api.refused("update_archive", ArchiveName="no", RetentionDays=0) == (
        MISSING,
        "Archive no does not exist.",
    )


@pytest.mark.parametrize("pattern", ["{}", '{"source": "shop"}', "nonsense"])
def test_a_pattern_must_be_one(api, pattern):
    """The same language as rules, the same exception."""
    code, _ = api.refused(
        "create_archive", ArchiveName="a", EventSourceArn=BUS, EventPattern=pattern
    )
    assert code == "InvalidEventPatternException"
    create(api, EventPattern=PATTERN)
    code, _ = api.refused("update_archive", ArchiveName="a", EventPattern=pattern)
    assert code == "InvalidEventPatternException"
    assert api.describe_archive(ArchiveName="a")["EventPattern"] == PATTERN


@pytest.mark.parametrize(
    "wrong",
    [
        {"ArchiveName": "a" * 49},
        {"ArchiveName": "a/b"},
        {"Description": "d" * 513},
        {"EventPattern": "x" * 4097},
        {"RetentionDays": -1},
    ],
)
def test_the_shape_of_a_request_is_checked_first(api, wrong):
    """Lengths, names and numbers are the service model's."""
    code, text = api.refused(
        "create_archive", **{"ArchiveName": "a", "EventSourceArn": BUS} | wrong
    )
    assert code == INVALID
    assert text.startswith("1 validation error detected: ")


def test_a_list_takes_one_filter(api):
    """State, source or prefix."""
    create(api, "a1")
    create(api, "b1")
    api.create_event_bus(Name="b")
    create(api, "a2", EventSourceArn=BUS.replace("default", "b"))

    def names(**asked):
        return [archive["ArchiveName"] for archive in api.list_archives(**asked)["Archives"]]

    assert names(NamePrefix="a") == ["a1", "a2"]
    assert names(EventSourceArn=BUS) == ["a1", "b1"]
    assert names(State="ENABLED") == ["a1", "a2", "b1"]
    assert names(State="DISABLED") == []
    text = (
        "At most one filter is allowed for ListArchives. "
        "Use either : State, EventSourceArn, or NamePrefix."
    )
    assert api.refused("list_archives", NamePrefix="a", State="ENABLED") == (INVALID, text)
    unknown = BUS.replace("default", "no")
    assert api.refused("list_archives", EventSourceArn=unknown) == (
        MISSING,
        "Event bus no does not exist.",
    )


def test_lists_come_in_pages(api):
    """A token continues where the page ended."""
    for name in "abc":
        create(api, name)
    first = api.list_archives(Limit=2)
    rest = api.list_archives(Limit=2, NextToken=first["NextToken"])
    names = [archive["ArchiveName"] for archive in first["Archives"] + rest["Archives"]]
    assert names == ["a", "b", "c"]
    assert "NextToken" not in rest


def test_the_rule_of_an_archive(api):
    """It is listed with its owner, its pattern and its one target (captured)."""
    create(api, EventPattern=' {"source": ["shop"]} ')
    [rule] = api.list_rules()["Rules"]
    assert rule == {
        "Name": "Events-Archive-a",
        "Arn": RULE + "Events-Archive-a",
        "EventPattern": "{" + NOT_REPLAYED + ',"source":["shop"]}',
        "State": "ENABLED",
        "ManagedBy": "prod.vhs.events.aws.internal",
        "EventBusName": "default",
    }
    [target] = api.list_targets_by_rule(Rule="Events-Archive-a")["Targets"]
    template = target["InputTransformer"].pop("InputTemplate")
    assert target == {
        "Id": "Events-Archive-a",
        "Arn": "arn:aws:events:us-east-1:::",
        "InputTransformer": {"InputPathsMap": {}},
    }
    before, after = (
        f'{{"archive-arn": "{ARCHIVE}a:',
        ('","event": <aws.events.event.json>,"ingestion-time": <aws.events.event.ingestion-time>}'),
    )
    assert template.startswith(before)
    assert template.endswith(after)
    assert len(template) == len(before) + 36 + len(after)


def test_without_a_pattern_the_rule_takes_all_that_is_no_replay(api):
    """Its pattern is the one field that keeps replayed events out."""
    create(api)
    [rule] = api.list_rules()["Rules"]
    assert json.loads(rule["EventPattern"]) == {"replay-name": [{"exists": False}]}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ('{ "a" : [ 1e3, 1.50 ],\n\t"b": [ "x y" ] }', '"a":[1e3,1.50],"b":["x y"]'),
        (r'{"a": [" \" , : ", "\\"] }', r'"a":[" \" , : ","\\"]'),
        ('{"$or": [{"a": [1]}, {"b": [null]}]}', '"$or":[{"a":[1]},{"b":[null]}]'),
    ],
)
def test_the_pattern_of_the_rule_is_compact(api, given, written):
    """The service's field comes first; of the given pattern only blanks between parts are removed (captured)."""
    create(api, EventPattern=given)
    [rule] = api.list_rules()["Rules"]
    assert rule["EventPattern"] == "{" + NOT_REPLAYED + "," + written + "}"
    assert api.describe_archive(ArchiveName="a")["EventPattern"] == given


def test_an_emptied_pattern_is_gone_from_the_rule(api):
    """What is left is the one field (captured)."""
    create(api, EventPattern=PATTERN)
    api.update_archive(ArchiveName="a", EventPattern="")
    assert api.describe_rule(Name="Events-Archive-a")["EventPattern"] == "{" + NOT_REPLAYED + "}"


def test_a_target_for_the_rule_is_looked_at_before_the_rule(api):
    """Its own target has an ARN that no client may put (captured); any other is refused for a managed rule."""
    create(api)
    name = "Events-Archive-a"
    [own] = api.list_targets_by_rule(Rule=name)["Targets"]
    assert api.refused("put_targets", Rule=name, Targets=[own]) == (
        INVALID,
        "Parameter arn:aws:events:us-east-1::: is not valid. "
        "Reason: Provided Arn is not in correct format.",
    )
    other = {"Id": "t", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}
    managed = ("ManagedRuleException", f"{name} is a managed rule.")
    assert api.refused("put_targets", Rule=name, Targets=[other]) == managed


def test_the_rule_is_managed(api):
    """Whatever changes it is refused; force removes target and rule, and nothing else does."""
    create(api)
    name = "Events-Archive-a"
    managed = ("ManagedRuleException", f"{name} is a managed rule.")
    can_force = (managed[0], managed[1] + " Set 'force' parameter to true to override.")
    assert api.refused("put_rule", Name=name, EventPattern=PATTERN) == managed
    assert api.refused("disable_rule", Name=name) == managed
    assert api.refused("enable_rule", Name=name) == managed
    assert api.refused("delete_rule", Name=name) == can_force
    assert api.refused("remove_targets", Rule=name, Ids=[name]) == can_force
    assert api.refused("delete_rule", Name=name, Force=True) == (
        INVALID,
        "Rule can't be deleted since it has targets.",
    )


def test_force_disables_and_an_update_repairs(api):
    """Without its target the archive is DISABLED; UpdateArchive puts rule and target back."""
    create(api)
    name = "Events-Archive-a"
    before = api.list_targets_by_rule(Rule=name)
    for gone in (["target"], ["target", "rule"]):
        api.remove_targets(Rule=name, Ids=[name], Force=True)
        if "rule" in gone:
            api.delete_rule(Name=name, Force=True)
        for shown in (
            api.describe_archive(ArchiveName="a"),
            *api.list_archives(State="DISABLED")["Archives"],
        ):
            assert shown["State"] == "DISABLED"
            assert shown["StateReason"] == ("Managed rule for the archive was forcefully deleted.")
        answer = api.update_archive(ArchiveName="a", RetentionDays=1)
        assert answer == {
            "ArchiveArn": ARCHIVE + "a",
            "State": "ENABLED",
            "CreationTime": CREATED,
        }
        [target] = api.list_targets_by_rule(Rule=name)["Targets"]
        assert target["Arn"] == before["Targets"][0]["Arn"]
        repaired = api.describe_archive(ArchiveName="a")
        assert (repaired["State"], "StateReason" in repaired) == ("ENABLED", False)


def test_a_bus_with_an_archive_stays(api):
    """The rule of the archive keeps the bus from being deleted; the archive outlives the bus."""
    api.create_event_bus(Name="b")
    bus = BUS.replace("default", "b")
    create(api, EventSourceArn=bus)
    text = "EventBus can't be deleted since it has rules."
    assert api.refused("delete_event_bus", Name="b") == (INVALID, text)
    name = "Events-Archive-a"
    api.remove_targets(Rule=name, EventBusName="b", Ids=[name], Force=True)
    api.delete_rule(Name=name, EventBusName="b", Force=True)
    api.delete_event_bus(Name="b")
    assert api.describe_archive(ArchiveName="a")["State"] == "DISABLED"
    assert api.refused("update_archive", ArchiveName="a", RetentionDays=1) == (
        MISSING,
        "Event bus b does not exist.",
    )
    api.delete_archive(ArchiveName="a")
    assert api.list_archives()["Archives"] == []


def test_the_rule_counts_for_the_quota(api_with):
    """A bus that is full of rules takes no archive; an update needs no room."""
    api = api_with(rules_per_bus=2)
    create(api)
    api.put_rule(Name="r", EventPattern=PATTERN)
    assert api.refused("create_archive", ArchiveName="b", EventSourceArn=BUS) == FULL
    assert api.refused("put_rule", Name="s", EventPattern=PATTERN) == FULL
    api.update_archive(ArchiveName="a", RetentionDays=1)


def test_the_number_of_archives_is_limited(api_with):
    """In all, whatever bus they are of."""
    api = api_with(archives=1)
    create(api)
    assert api.refused("create_archive", ArchiveName="b", EventSourceArn=BUS) == FULL


def test_a_rule_that_is_not_managed_is_not_overwritten(api):
    """If it has the name that the archive's rule would have."""
    api.put_rule(Name="Events-Archive-a", EventPattern=PATTERN)
    refused = api.refused("create_archive", ArchiveName="a", EventSourceArn=BUS)
    assert refused == (
        "ResourceAlreadyExistsException",
        "Rule Events-Archive-a already exists.",
    )


def test_every_change_is_sent_to_the_data_plane(api):
    """The archive of itself, the bus of its rule."""
    create(api, RetentionDays=3)
    [(to_archive, archive), (to_bus, rule)] = api.news()
    assert (to_archive, to_bus) == (ARCHIVE + "a", BUS)
    assert isinstance(archive.resource, Archive)
    assert archive.resource.retention_days == 3
    assert isinstance(rule.resource, Rule)
    assert rule.resource.archive_arn == ARCHIVE + "a"
    api.update_archive(ArchiveName="a", EventPattern=PATTERN)
    [(_, archive), (_, rule)] = api.news()
    assert archive == Configure(api.store.archives["a"].archive)
    assert rule.resource.event_pattern == "{" + NOT_REPLAYED + ',"source":["shop"]}'
    api.delete_archive(ArchiveName="a")
    assert api.news() == [
        (BUS, Retire(RULE + "Events-Archive-a")),
        (ARCHIVE + "a", Retire(ARCHIVE + "a")),
    ]
    assert api.list_rules()["Rules"] == []
    assert api.refused("describe_archive", ArchiveName="a") == (
        MISSING,
        "Archive a does not exist.",
    )


def test_describe_shows_the_last_report(api):
    """A report of an archive that was deleted is ignored."""
    create(api)
    kernel = Kernel(seed=7, start=0, create_actor=lambda *_: ReportInbox(api.store))
    kernel.send(ARCHIVE + "a", "api:us-east-1:" + ACCOUNT, Counted(3, 99))
    kernel.send(ARCHIVE + "no", "api:us-east-1:" + ACCOUNT, Counted(4, 11))
    kernel.settle()
    described = api.describe_archive(ArchiveName="a")
    assert (described["EventCount"], described["SizeBytes"]) == (3, 99)
    assert kernel.actors == {}
