"""Rules (fidelity 3.1, 3.6, 4.8, 10.1, 11.1, 11.2, 11.3, 11.4)."""

from __future__ import annotations

import pytest

from simbridge.model.messages import Configure, Retire

INVALID = "ValidationException"
PATTERN = '{"source":["shop"]}'
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"
RULE = "arn:aws:events:us-east-1:123456789012:rule/"
ROLE = "arn:aws:iam::123456789012:role/r"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
CLOUDTRAIL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
FULL = ("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


def test_put_answers_the_arn_and_sends_the_whole_rule_to_the_bus(api):
    """One `Configure` with the whole rule goes to the bus; the default bus is not in the ARN."""
    api.create_event_bus(Name="b")
    api.news()
    assert api.put_rule(Name="r", EventPattern=PATTERN) == {"RuleArn": RULE + "r"}
    [(to, message)] = api.news()
    assert (to, message) == (BUS, Configure(api.bus().rules["r"]))
    assert message.resource.event_pattern == PATTERN
    assert message.resource.bus_arn == BUS
    answer = api.put_rule(Name="r", EventPattern=PATTERN, EventBusName="b")
    assert answer == {"RuleArn": RULE + "b/r"}
    assert [to for to, _ in api.news()] == [BUS.replace("default", "b")]


def test_describe_has_exactly_what_was_set(api):
    """DescribeRule leaves out what was not set; only it names the creator."""
    api.put_rule(Name="r", EventPattern=PATTERN)
    short = {
        "Name": "r",
        "Arn": RULE + "r",
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "EventBusName": "default",
    }
    assert api.describe_rule(Name="r") == short | {"CreatedBy": "123456789012"}
    assert api.list_rules() == {"Rules": [short]}
    more = {"Description": "", "RoleArn": ROLE, "ScheduleExpression": "rate(5 minutes)"}
    api.put_rule(Name="r", EventPattern=PATTERN, State="DISABLED", **more)
    long = short | more | {"State": "DISABLED"}
    assert api.list_rules() == {"Rules": [long]}
    assert api.describe_rule(Name="r", EventBusName=BUS) == long | {"CreatedBy": "123456789012"}


def test_put_replaces_the_whole_rule_but_not_its_targets_and_tags(api):
    """What is left out is cleared, the state is ENABLED again; targets, tags, creator survive."""
    api.put_rule(
        Name="r",
        EventPattern=PATTERN,
        ScheduleExpression="rate(5 minutes)",
        State="DISABLED",
        Description="old",
        RoleArn=ROLE,
        Tags=[{"Key": "k", "Value": "v"}],
    )
    api.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": QUEUE}])
    api.news()
    other = '{"source":["b"]}'
    api.put_rule(Name="r", EventPattern=other, Tags=[{"Key": "k", "Value": "ignored"}])
    assert api.describe_rule(Name="r") == {
        "Name": "r",
        "Arn": RULE + "r",
        "EventPattern": other,
        "State": "ENABLED",
        "EventBusName": "default",
        "CreatedBy": "123456789012",
    }
    assert api.list_targets_by_rule(Rule="r")["Targets"] == [{"Id": "t", "Arn": QUEUE}]
    assert api.bus().rule_tags == {"r": {"k": "v"}}
    [(_, message)] = api.news()
    assert [target.id for target in message.resource.targets] == ["t"]


def test_names_are_unique_on_one_bus_only(api):
    """The same name on another bus is another rule."""
    api.create_event_bus(Name="b")
    api.put_rule(Name="r", EventPattern=PATTERN)
    api.put_rule(Name="r", EventPattern=PATTERN, EventBusName="b", State="DISABLED")
    assert api.describe_rule(Name="r")["State"] == "ENABLED"
    assert api.describe_rule(Name="r", EventBusName="b")["State"] == "DISABLED"


def test_an_empty_pattern_or_schedule_is_none(api):
    """An empty text beside the other one clears it."""
    api.put_rule(Name="s", EventPattern="", ScheduleExpression="rate(1 day)")
    assert "EventPattern" not in api.describe_rule(Name="s")
    api.put_rule(Name="p", EventPattern=PATTERN, ScheduleExpression="")
    assert "ScheduleExpression" not in api.describe_rule(Name="p")


NOTHING = "Parameter(s) EventPattern or ScheduleExpression must be specified."
ELSEWHERE = "ScheduleExpression is supported only on the default event bus."


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({}, NOTHING),
        ({"EventPattern": ""}, NOTHING),
        ({"EventPattern": "", "ScheduleExpression": ""}, NOTHING),
        ({"EventBusName": "b"}, NOTHING),
        ({"EventBusName": "b", "ScheduleExpression": "rate(1 day)"}, ELSEWHERE),
        ({"EventBusName": "b", "EventPattern": PATTERN, "ScheduleExpression": ""}, ELSEWHERE),
        ({"ScheduleExpression": "every day"}, "Parameter ScheduleExpression is not valid."),
        (
            {"ScheduleExpression": "rate(1 day)", "State": CLOUDTRAIL},
            f"State {CLOUDTRAIL} is not supported for scheduled rules.",
        ),
        (
            {"EventPattern": '{"a":["' + "x" * 2048 + '"]}'},
            "Parameter EventPattern for rule r exceeds limit of 2048.",
        ),
        (
            {"EventPattern": "x" * 4097},
            f"1 validation error detected: Value '{'x' * 4097}' at 'eventPattern' failed to "
            "satisfy constraint: Member must have length less than or equal to 4096",
        ),
        (
            {"EventPattern": PATTERN, "State": "ON"},
            "1 validation error detected: Value 'ON' at 'state' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [ENABLED, DISABLED, {CLOUDTRAIL}]",
        ),
        (
            {"EventPattern": PATTERN, "RoleArn": "me"},
            "Parameter me is not valid. Reason: Provided Arn is not in correct format.",
        ),
    ],
)
def test_put_refuses(api, request_, text):
    """PutRule refuses with a ValidationException, and an old rule stays as it was."""
    api.create_event_bus(Name="b")
    api.put_rule(Name="r", EventPattern=PATTERN, Description="old")
    assert api.refused("put_rule", **({"Name": "r"} | request_)) == (INVALID, text)


def test_several_violations_are_reported_together(api):
    """Everything the service model forbids is said in one sentence, before any lookup."""
    assert api.refused("put_rule", Name="a b", EventBusName="none", Description="d" * 513) == (
        INVALID,
        "2 validation errors detected: Value 'a b' at 'name' failed to satisfy constraint: Member "
        rf"must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+; Value '{'d' * 513}' at "
        "'description' failed to satisfy constraint: Member must have length less than or equal "
        "to 512",
    )


def test_a_bad_pattern_has_its_own_code(api):
    """An error of the pattern language becomes InvalidEventPatternException."""
    code, text = api.refused("put_rule", Name="r", EventPattern='{"int": 42}')
    assert code == "InvalidEventPatternException"
    assert text.startswith(
        'Event pattern is not valid. Reason: "int" must be an object or an array'
    )


def test_a_role_of_another_account_cannot_be_passed(api):
    """The role of a rule is the account's own."""
    role = ROLE.replace("123456789012", "210987654321")
    assert api.refused("put_rule", Name="r", EventPattern=PATTERN, RoleArn=role) == (
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    )


def test_the_number_of_rules_on_a_bus_is_bounded(api_with):
    """The quota counts new rules on one bus; replacing is always possible."""
    api = api_with(rules_per_bus=2)
    for name in ("a", "b", "a"):
        api.put_rule(Name=name, EventPattern=PATTERN)
    assert api.refused("put_rule", Name="c", EventPattern=PATTERN) == FULL
    api.create_event_bus(Name="other")
    api.put_rule(Name="c", EventPattern=PATTERN, EventBusName="other")


def test_the_number_of_rules_with_wildcards_is_bounded(api_with):
    """Rules that use the operator count, not those that have the word as a name or value."""
    api = api_with(wildcard_rules_per_bus=2)
    for name, leaf in {
        "value": '["wildcard"]',
        "field": '{"wildcard":["x"]}',
        "one": '[{"wildcard":"x*"}]',
        "two": '{"deep":["y",{"anything-but":{"wildcard":"x*"}}]}',
    }.items():
        api.put_rule(Name=name, EventPattern=f'{{"detail":{{"a":{leaf}}}}}')
    third = '{"detail":{"a":[{"wildcard":"z*"}]}}'
    assert api.refused("put_rule", Name="three", EventPattern=third) == FULL
    api.put_rule(Name="two", EventPattern=third)
    api.put_rule(Name="one", EventPattern=PATTERN)
    api.put_rule(Name="three", EventPattern=third)


def test_enable_and_disable_change_the_state_and_nothing_else(api):
    """Both are idempotent and answer nothing; a rule enabled in the other way stays so."""
    api.put_rule(Name="r", EventPattern=PATTERN, Description="d", State=CLOUDTRAIL)
    before = api.describe_rule(Name="r")
    assert api.enable_rule(Name="r") == {}
    assert api.describe_rule(Name="r") == before
    api.news()
    for _ in range(2):
        assert api.disable_rule(Name="r") == {}
        assert api.describe_rule(Name="r") == before | {"State": "DISABLED"}
    assert [message.resource.state for _, message in api.news()] == ["DISABLED"] * 2
    api.enable_rule(Name="r")
    assert api.describe_rule(Name="r") == before | {"State": "ENABLED"}


@pytest.mark.parametrize("operation", ["describe_rule", "enable_rule", "disable_rule"])
def test_a_rule_must_exist(api, operation):
    """The refusal names the rule and the bus, by name also where an ARN was given."""
    missing = ("ResourceNotFoundException", "Rule r does not exist on EventBus default.")
    assert api.refused(operation, Name="r") == missing
    assert api.refused(operation, Name="r", EventBusName=BUS) == missing


def test_delete_is_idempotent_and_sends_one_message_to_the_bus(api):
    """Deleting a rule that is not there succeeds, and forgets the tags of one that was."""
    api.put_rule(Name="r", EventPattern=PATTERN, Tags=[{"Key": "k", "Value": "v"}])
    api.news()
    assert api.delete_rule(Name="r") == {}
    assert api.news() == [(BUS, Retire(RULE + "r"))]
    assert api.delete_rule(Name="r") == {}
    assert api.news() == []
    api.put_rule(Name="r", EventPattern=PATTERN)
    assert api.bus().rule_tags == {"r": {}}


def test_a_rule_with_targets_cannot_be_deleted(api):
    """Not even by force, which is for managed rules."""
    api.put_rule(Name="r", EventPattern=PATTERN)
    api.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": QUEUE}])
    for force in (False, True):
        assert api.refused("delete_rule", Name="r", Force=force) == (
            INVALID,
            "Rule can't be deleted since it has targets.",
        )
    api.remove_targets(Rule="r", Ids=["t"])
    api.delete_rule(Name="r")


def test_managed_rules_are_left_to_their_service(api):
    """Changes are refused; only taking away can be forced, and the refusal says so."""
    api.put_rule(Name="r", EventPattern=PATTERN)
    api.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": QUEUE}])
    api.manage("r")
    plain = ("ManagedRuleException", "r is a managed rule.")
    forced = (plain[0], plain[1] + " Set 'force' parameter to true to override.")
    assert api.refused("put_rule", Name="r", EventPattern=PATTERN) == plain
    assert api.refused("enable_rule", Name="r") == plain
    assert api.refused("disable_rule", Name="r") == plain
    assert api.refused("put_targets", Rule="r", Targets=[{"Id": "t", "Arn": QUEUE}]) == plain
    assert api.refused("remove_targets", Rule="r", Ids=["t"]) == forced
    assert api.refused("delete_rule", Name="r") == forced
    assert api.describe_rule(Name="r")["ManagedBy"] == "states.amazonaws.com"
    api.remove_targets(Rule="r", Ids=["t"], Force=True)
    api.delete_rule(Name="r", Force=True)
    assert api.list_rules() == {"Rules": []}


def test_list_is_sorted_and_filtered_by_prefix(api):
    """ListRules answers the rules of one bus in the order of names."""
    for name in ("b2", "a", "b1"):
        api.put_rule(Name=name, EventPattern=PATTERN)
    assert [rule["Name"] for rule in api.list_rules()["Rules"]] == ["a", "b1", "b2"]
    assert [rule["Name"] for rule in api.list_rules(NamePrefix="b")["Rules"]] == ["b1", "b2"]


def test_changes_reach_the_bus_after_the_propagation_delay(api_with):
    """`control_plane_delay_us` is how late rules take effect; events are not held up."""
    api = api_with(control_plane_delay_us=5_000_000)
    api.kernel.run(api.kernel.now + 10_000_000)
    api.put_rule(Name="r", EventPattern=PATTERN)
    api.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    start = api.kernel.now
    api.kernel.run(start + 6_000_000)
    kinds = [(entry[0] - start, type(entry[5]).__name__) for entry in api.kernel.trace[-2:]]
    assert kinds == [(0, "Publish"), (5_000_000, "Configure")]
