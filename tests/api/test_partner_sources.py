"""Partner event sources on the partner's side, and PutPartnerEvents (fidelity 1.4, 1.5, 7.2, 7.3)."""

from __future__ import annotations

import pytest

from simbridge.base.errors import ServiceError
from simbridge.model.messages import Call, Configure, Publish

CUSTOMER, PARTNER = "123456789012", "999999999999"
NAME = "aws.partner/example.com/shop/orders"
ARN = f"arn:aws:events:us-east-1::event-source/{NAME}"
BUS = f"arn:aws:events:us-east-1:{CUSTOMER}:event-bus/{NAME}"
ENTRY = {"Source": NAME, "DetailType": "OrderPlaced", "Detail": '{"order": 1}'}
MISSING = ("ResourceNotFoundException", f"Event source {NAME} does not exist.")
TAKEN = ("ResourceAlreadyExistsException", f"Event source {NAME} already exists.")


@pytest.fixture
def partner(api):
    """An API that acts for the partner; `as_customer` calls in the name of the customer."""
    api.account = PARTNER
    api.plane.store(PARTNER, api.region)
    api.news()
    return api


def as_customer(api, operation, **request):
    return api.plane.call(operation, request, account=CUSTOMER, region=api.region, sender="story")


def create(api, name=NAME):
    answer = api.create_partner_event_source(Name=name, Account=CUSTOMER)
    return answer["EventSourceArn"]


def activate(api):
    create(api)
    as_customer(api, "CreateEventBus", Name=NAME, EventSourceName=NAME)
    api.news()


def put(api, *entries):
    return api.put_partner_events(Entries=[{**ENTRY, **entry} for entry in entries])


def published(api):
    """The events that were put on buses since the last call."""
    return [(to, message.event) for to, message in api.news() if isinstance(message, Publish)]


def detail(api):
    """The note on the last call."""
    return [entry[5] for entry in api.kernel.trace if isinstance(entry[5], Call)][-1].detail


def test_create_answers_the_arn_and_starts_the_timer(partner):
    """The ARN is of no account; the message to it has both accounts."""
    assert create(partner) == ARN
    [(to, message)] = partner.news()
    assert (to, type(message)) == (ARN, Configure)
    source = message.resource
    assert (source.partner, source.account, source.state) == (PARTNER, CUSTOMER, "PENDING")
    assert partner.describe_partner_event_source(Name=NAME) == {"Arn": ARN, "Name": NAME}


def test_a_name_is_unique_in_a_region(partner):
    """For the same account, for another one, and for another partner; another region is its own."""
    create(partner)
    request = {"Name": NAME, "Account": "210987654321"}
    assert partner.refused("create_partner_event_source", Name=NAME, Account=CUSTOMER) == TAKEN
    assert partner.refused("create_partner_event_source", **request) == TAKEN
    partner.account = "888888888888"
    partner.plane.store(partner.account, partner.region)
    assert partner.refused("create_partner_event_source", **request) == TAKEN
    partner.region = "eu-west-1"
    assert "eu-west-1" in create(partner)


def test_a_name_is_free_again_when_the_bus_of_a_deleted_source_is(partner):
    """Until then the customer still sees the deleted source."""
    activate(partner)
    partner.delete_partner_event_source(Name=NAME, Account=CUSTOMER)
    assert partner.refused("create_partner_event_source", Name=NAME, Account=CUSTOMER) == TAKEN
    as_customer(partner, "DeleteEventBus", Name=NAME)
    assert create(partner) == ARN


def test_delete_removes_a_source_that_is_not_in_use(partner):
    """A missing one, and one of another account, are no error: AWS has none for it (model)."""
    create(partner)
    assert partner.delete_partner_event_source(Name=NAME, Account="210987654321") == {}
    assert as_customer(partner, "ListEventSources")["EventSources"]
    assert partner.delete_partner_event_source(Name=NAME, Account=CUSTOMER) == {}
    assert as_customer(partner, "ListEventSources") == {"EventSources": []}
    assert partner.delete_partner_event_source(Name=NAME, Account=CUSTOMER) == {}


def test_only_the_partner_sees_it_as_a_partner(partner):
    """The customer has other operations."""
    create(partner)
    partner.account = CUSTOMER
    assert partner.refused("describe_partner_event_source", Name=NAME) == MISSING
    assert partner.refused("list_partner_event_source_accounts", EventSourceName=NAME) == MISSING
    answer = partner.list_partner_event_sources(NamePrefix="aws.partner/example.com/")
    assert answer == {"PartnerEventSources": []}


def test_lists_are_sorted_and_have_pages(partner):
    """A prefix has the name of the partner at least (model)."""
    names = [f"aws.partner/example.com/{name}" for name in ("b", "a", "c/d")]
    for name in names:
        create(partner, name)
    prefix = "aws.partner/example.com/"
    first = partner.list_partner_event_sources(NamePrefix=prefix, Limit=2)
    second = partner.list_partner_event_sources(
        NamePrefix=prefix, Limit=2, NextToken=first["NextToken"]
    )
    found = [one["Name"] for page in (first, second) for one in page["PartnerEventSources"]]
    assert found == sorted(names)
    code, text = partner.refused("list_partner_event_sources", NamePrefix="aws.partner")
    assert code == "ValidationException"
    assert "at 'namePrefix' failed to satisfy constraint" in text


def test_the_account_of_a_source_is_listed_with_its_state(partner):
    """One account, since a name is for one."""
    create(partner)
    [shown] = partner.list_partner_event_source_accounts(EventSourceName=NAME)[
        "PartnerEventSourceAccounts"
    ]
    assert (shown["Account"], shown["State"]) == (CUSTOMER, "PENDING")
    assert shown["ExpirationTime"] - shown["CreationTime"] == 14 * 86_400


def test_events_of_an_active_source_reach_its_bus(partner):
    """The account of the event is the customer's (public reports); everything else is the partner's."""
    activate(partner)
    answer = put(partner, {}, {"Resources": ["a"], "Time": 1_772_000_000})
    assert answer["FailedEntryCount"] == 0
    ids = [entry["EventId"] for entry in answer["Entries"]]
    [(first_bus, first), (second_bus, second)] = published(partner)
    assert (first_bus, second_bus) == (BUS, BUS)
    assert [first.id, second.id] == ids
    assert first.envelope == {
        "version": "0",
        "id": ids[0],
        "detail-type": "OrderPlaced",
        "source": NAME,
        "account": CUSTOMER,
        "time": "2026-03-01T00:00:03Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"order": 1},
    }
    assert (second.envelope["time"], second.envelope["resources"]) == (
        "2026-02-25T06:13:20Z",
        ["a"],
    )
    assert detail(partner) is None


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (None, "PENDING"),
        ("DeactivateEventSource", "PENDING"),
        ("DeleteEventBus", "PENDING"),
    ],
)
def test_events_of_a_source_that_is_not_active_are_lost(partner, change, state):
    """They are accepted, with ids; the note on the call says why nothing arrives (user guide)."""
    if change is None:
        create(partner)
    else:
        activate(partner)
        as_customer(partner, change, Name=NAME)
    partner.news()
    answer = put(partner, {}, {})
    assert answer["FailedEntryCount"] == 0
    assert len({entry["EventId"] for entry in answer["Entries"]}) == 2
    assert published(partner) == []
    assert detail(partner) == f"{NAME} is {state}: its events are accepted and dropped"


REQUIRED = "Parameter {0} is not valid. Reason: {0} is a required argument."


@pytest.mark.parametrize(
    ("entry", "code", "text"),
    [
        ({"Source": None}, "InvalidArgument", REQUIRED.format("Source")),
        ({"DetailType": ""}, "InvalidArgument", REQUIRED.format("DetailType")),
        ({"Detail": None}, "InvalidArgument", REQUIRED.format("Detail")),
        ({"Detail": "[]"}, "MalformedDetail", "Detail is malformed."),
        (
            {"Source": NAME + "2"},
            "NotAuthorizedForSourceException",
            "Not authorized for the source.",
        ),
    ],
)
def test_a_bad_entry_fails_alone(partner, entry, code, text):
    """As in PutEvents; a source that the account does not offer is one that it may not use."""
    activate(partner)
    answer = put(partner, entry, {})
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0] == {"ErrorCode": code, "ErrorMessage": text}
    assert len(published(partner)) == 1
    assert detail(partner).startswith("entry 1: ")


def test_a_partner_puts_no_events_of_another_partner(partner):
    """Nor does the customer put events of a source that it is offered."""
    activate(partner)
    for account in ("888888888888", CUSTOMER):
        partner.account = account
        answer = put(partner, {})
        assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_the_whole_request_is_refused(partner, api_with):
    """More than twenty entries, a source of another form, too many bytes: nothing is put."""
    activate(partner)
    code, text = partner.refused("put_partner_events", Entries=[ENTRY] * 21)
    assert code == "ValidationException"
    assert text.endswith("Member must have length less than or equal to 20")
    code, text = partner.refused("put_partner_events", Entries=[{**ENTRY, "Source": "shop"}])
    assert "at 'entries.1.member.source' failed to satisfy constraint" in text

    small = api_with(put_events_bytes=150)
    small.account = PARTNER
    activate(small)
    over = small.refused("put_partner_events", Entries=[ENTRY, ENTRY, ENTRY])
    assert over == (
        "ValidationException",
        "Total size of the entries in the request is over the limit.",
    )
    assert put(small, {})["FailedEntryCount"] == 0


def test_partners_have_a_quota_per_second(api_with):
    """Requests beyond it are throttled, and no others."""
    api = api_with(put_partner_events_per_second=2)
    api.account = PARTNER
    activate(api)
    for _ in range(2):
        put(api, {})
    with pytest.raises(ServiceError) as refusal:
        put(api, {})
    assert refusal.value.code == "ThrottlingException"
    assert len(published(api)) == 2
    put(api, {})


def test_put_events_does_not_reach_a_partner_bus(partner):
    """A name with a slash has another form than PutEvents takes (model)."""
    activate(partner)
    partner.account = CUSTOMER
    entry = {"Source": "a", "DetailType": "d", "Detail": "{}", "EventBusName": NAME}
    code, text = partner.refused("put_events", Entries=[entry])
    assert code == "ValidationException"
    assert "at 'entries.1.member.eventBusName' failed to satisfy constraint" in text
