"""API destinations (fidelity 9.5): every step that was recorded or captured, and every refusal."""

from __future__ import annotations

import re

import pytest

ACCOUNT = "123456789012"
INVALID, MISSING = "ValidationException", "ResourceNotFoundException"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
BASIC = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
OAUTH = {
    "OAuthParameters": {
        "AuthorizationEndpoint": "https://example.com/oauth",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "c", "ClientSecret": "s"},
    }
}
URL = "https://receiver.invalid/events/*"
UNKNOWN = f"arn:aws:events:us-east-1:{ACCOUNT}:connection/conn/00000000-0000-0000-0000-999000999000"
METHODS = "[HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS]"
URL_PATTERN = r"^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@\x26=+$,A-Za-z0-9])+)([).!';/?:,])?$"
CONNECTION_PATTERN = (
    r"^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:connection\/[\.\-_A-Za-z0-9]+\/"
    r"[\-A-Za-z0-9]+$"
)


@pytest.fixture
def connection(api):
    """The ARN of a connection that is authorized."""
    return connect(api)


def connect(api, name="conn", kind="BASIC", parameters=BASIC):
    answer = api.create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters)
    return answer["ConnectionArn"]


def request(connection, **changes):
    """A valid request, with changes."""
    return {
        "Name": "default",
        "ConnectionArn": connection,
        "InvocationEndpoint": URL,
        "HttpMethod": "POST",
    } | changes


def state(api, name="default"):
    return api.describe_api_destination(Name=name)["ApiDestinationState"]


def test_create_and_describe(api, connection):
    """Exactly these keys; the rate is 300 where none is given (captured)."""
    answer = api.create_api_destination(**request(connection, Description="own"))
    arn = answer["ApiDestinationArn"]
    assert re.fullmatch(rf"arn:aws:events:us-east-1:{ACCOUNT}:api-destination/default/{UUID}", arn)
    now = api.kernel.now // 1_000_000
    assert answer == {
        "ApiDestinationArn": arn,
        "ApiDestinationState": "ACTIVE",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    assert api.describe_api_destination(Name="default") == answer | {
        "Name": "default",
        "ConnectionArn": connection,
        "InvocationEndpoint": URL,
        "HttpMethod": "POST",
        "InvocationRateLimitPerSecond": 300,
        "Description": "own",
    }


def test_list(api, connection):
    """By name, without description; one filter at most, and pages (captured)."""
    other = connect(api, "other")
    api.create_api_destination(**request(connection, Name="b", Description="d"))
    api.create_api_destination(**request(other, Name="a", InvocationRateLimitPerSecond=7))
    whole = api.list_api_destinations()
    assert list(whole) == ["ApiDestinations"]
    described = api.describe_api_destination(Name="b")
    del described["Description"]
    assert whole["ApiDestinations"][1] == described
    names = [one["Name"] for one in whole["ApiDestinations"]]
    assert names == ["a", "b"]
    for filters, found in (({"NamePrefix": "b"}, ["b"]), ({"ConnectionArn": other}, ["a"])):
        listed = api.list_api_destinations(**filters)["ApiDestinations"]
        assert [one["Name"] for one in listed] == found
    assert api.refused("list_api_destinations", NamePrefix="d", ConnectionArn=other) == (
        INVALID,
        "Failed to list the api-destination(s). Request failed because only one filter is "
        "supported per request, either ConnectionArn or NamePrefix.",
    )
    page = api.list_api_destinations(Limit=1)
    assert [one["Name"] for one in page["ApiDestinations"]] == ["a"]
    page = api.list_api_destinations(Limit=1, NextToken=page["NextToken"])
    assert [one["Name"] for one in page["ApiDestinations"]] == ["b"] and len(page) == 1


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (
            {"NextToken": "invalid"},
            "Value 'invalid' at 'nextToken' failed to satisfy constraint: Member must satisfy "
            r"regular expression pattern: ^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{4}|"
            r"[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{2}={2})$",
        ),
        (
            {"Limit": 0},
            "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater "
            "than or equal to 1",
        ),
        (
            {"Limit": 101},
            "Value '101' at 'limit' failed to satisfy constraint: Member must have value less "
            "than or equal to 100",
        ),
    ],
)
def test_list_refuses(api, request_, text):
    """In these words (captured)."""
    refusal = (INVALID, f"1 validation error detected: {text}")
    assert api.refused("list_api_destinations", **request_) == refusal


def test_update(api, connection):
    """What is left out stays; a name alone moves the time; an empty description goes (captured)."""
    api.create_api_destination(**request(connection, InvocationRateLimitPerSecond=7))
    before = api.describe_api_destination(Name="default")
    api.news()
    answer = api.update_api_destination(Name="default", Description="updated")
    now = api.kernel.now // 1_000_000
    assert answer == {
        "ApiDestinationArn": before["ApiDestinationArn"],
        "ApiDestinationState": "ACTIVE",
        "CreationTime": before["CreationTime"],
        "LastModifiedTime": now,
    }
    changed = {"Description": "updated", "LastModifiedTime": now}
    assert api.describe_api_destination(Name="default") == before | changed
    api.news()
    assert api.update_api_destination(Name="default")["LastModifiedTime"] > now
    api.update_api_destination(
        Name="default",
        Description="",
        HttpMethod="PUT",
        InvocationEndpoint="https://example.com/api/v2",
        InvocationRateLimitPerSecond=1,
    )
    after = api.describe_api_destination(Name="default")
    assert "Description" not in after
    assert (after["HttpMethod"], after["InvocationRateLimitPerSecond"]) == ("PUT", 1)
    assert after["InvocationEndpoint"] == "https://example.com/api/v2"


def test_delete(api, connection):
    """An empty answer; a second time it is an error (captured)."""
    api.create_api_destination(**request(connection))
    assert api.delete_api_destination(Name="default") == {}
    assert api.list_api_destinations() == {"ApiDestinations": []}
    assert api.refused("delete_api_destination", Name="default")[0] == MISSING


@pytest.mark.parametrize("verb", ["describe", "update", "delete"])
def test_an_api_destination_that_is_not_there(api, verb):
    """Each operation has its verb (captured)."""
    text = f"Failed to {verb} the api-destination(s). An api-destination 'n' does not exist."
    assert api.refused(f"{verb}_api_destination", Name="n") == (MISSING, text)


def test_a_name_is_taken_once(api, connection):
    """Whatever else is different (captured)."""
    api.create_api_destination(**request(connection))
    assert api.refused("create_api_destination", **request(connection)) == (
        "ResourceAlreadyExistsException",
        "Failed to create the api-destination(s). An api-destination with name 'default' already "
        "exists.",
    )


def test_quota(api_with):
    """Of an account in a region (fidelity 10.1)."""
    api = api_with(api_destinations=1)
    arn = connect(api)
    api.create_api_destination(**request(arn))
    assert api.refused("create_api_destination", **request(arn, Name="more")) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )


ACCEPTED = [
    URL,
    "receiver.invalid/events",
    "https://127.0.0.1/events",
    "https://localhost/events",
    "https://receiver.invalid:8443/events",
    "https://receiver.invalid/events?key=value&other=two",
    "https://receiver.invalid/a%20b",
]
REFUSED = [
    "http://receiver.invalid/events",
    "ftp://receiver.invalid/events",
    "https://own:inert@receiver.invalid/events",
    "https://",
    "https://*.invalid/events",
]
MALFORMED = [
    "https://[::1]/events",
    "https://receiver.invalid/events#fragment",
    "https://receiver.invalid/a b",
    "https://receiver.invalid/a%xx",
]


@pytest.mark.parametrize("url", ACCEPTED)
def test_an_endpoint_that_is_taken(api, connection, url):
    """HTTPS with or without the scheme, any host, a `*` in the path (captured)."""
    api.create_api_destination(**request(connection, InvocationEndpoint=url))
    assert api.describe_api_destination(Name="default")["InvocationEndpoint"] == url


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.parametrize("verb", ["create", "update"])
def test_an_endpoint_that_is_not_https(api, connection, verb, url):
    """Another scheme, a user, no host, a `*` in the host (captured)."""
    api.create_api_destination(**request(connection, Name="there"))
    name = {"create": "default", "update": "there"}[verb]
    asked = request(connection, Name=name, InvocationEndpoint=url)
    assert api.refused(f"{verb}_api_destination", **asked) == (
        INVALID,
        f"Failed to {verb} the api-destination(s). Parameter InvocationEndpoint is not valid. "
        f"Reason: Endpoint '{url}' is invalid, please provide a valid HTTPS endpoint URL.",
    )


@pytest.mark.parametrize("url", MALFORMED)
def test_an_endpoint_that_is_no_url(api, connection, url):
    """Refused by its pattern (captured)."""
    asked = request(connection, InvocationEndpoint=url)
    assert api.refused("create_api_destination", **asked) == (
        INVALID,
        f"1 validation error detected: Value '{url}' at 'invocationEndpoint' failed to satisfy "
        f"constraint: Member must satisfy regular expression pattern: {URL_PATTERN}",
    )


def test_an_empty_endpoint(api, connection):
    """The pattern first, then the length (captured)."""
    where = "Value '' at 'invocationEndpoint' failed to satisfy constraint: Member must"
    assert api.refused("create_api_destination", **request(connection, InvocationEndpoint="")) == (
        INVALID,
        f"2 validation errors detected: {where} satisfy regular expression pattern: {URL_PATTERN}; "
        f"{where} have length greater than or equal to 1",
    )


def test_two_errors_are_reported_at_once(api):
    """The ARN and the method, and nothing of the endpoint (recorded)."""
    asked = request(
        "invalid-connection-arn",
        HttpMethod="INVALID_METHOD",
        InvocationEndpoint="invalid-endpoint",
    )
    assert api.refused("create_api_destination", **asked) == (
        INVALID,
        "2 validation errors detected: Value 'invalid-connection-arn' at 'connectionArn' failed to "
        f"satisfy constraint: Member must satisfy regular expression pattern: {CONNECTION_PATTERN}; "
        "Value 'INVALID_METHOD' at 'httpMethod' failed to satisfy constraint: Member must satisfy "
        f"enum value set: {METHODS}",
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST"])
def test_methods(api, connection, method):
    """Seven, in capitals (captured)."""
    api.create_api_destination(**request(connection, HttpMethod=method))
    for other in (method.lower(), "TRACE", "CONNECT", ""):
        code, text = api.refused("update_api_destination", Name="default", HttpMethod=other)
        assert code == INVALID and text == (
            f"1 validation error detected: Value '{other}' at 'httpMethod' failed to satisfy "
            f"constraint: Member must satisfy enum value set: {METHODS}"
        )


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_at_least_one(api, connection, rate):
    """Refused by the model (captured)."""
    asked = request(connection, InvocationRateLimitPerSecond=rate)
    assert api.refused("create_api_destination", **asked) == (
        INVALID,
        f"1 validation error detected: Value '{rate}' at 'invocationRateLimitPerSecond' failed to "
        "satisfy constraint: Member must have value greater than or equal to 1",
    )


@pytest.mark.parametrize("most", [300, 500])
def test_a_rate_is_within_the_quota(api_with, most):
    """300 a second, which can be raised (captured)."""
    api = api_with(api_destination_invocations_per_second=most)
    api.create_api_destination(**request(connect(api), InvocationRateLimitPerSecond=most))
    asked = {"Name": "default", "InvocationRateLimitPerSecond": most + 1}
    assert api.refused("update_api_destination", **asked) == (
        "LimitExceededException",
        "Failed to update the api-destination(s). Invalid Invocation Rate Limit: Rate specified "
        f"'{most + 1}' for 'default' exceeds maximum allowed of '{most}'.",
    )


@pytest.mark.parametrize("verb", ["create", "update"])
def test_the_connection_must_be_there(api, connection, verb):
    """Its name alone is not enough; a connection of another region is malformed (captured; lint)."""
    api.create_api_destination(**request(connection, Name="there"))
    name = {"create": "default", "update": "there"}[verb]
    assert api.refused(f"{verb}_api_destination", **request(UNKNOWN, Name=name)) == (
        MISSING,
        f"Failed to {verb} the api-destination(s). Connection '{UNKNOWN}' does not exist.",
    )
    abroad = connection.replace("us-east-1", "eu-west-1")
    refusal = (INVALID, f"Invalid ARN: '{abroad}'")
    assert api.refused(f"{verb}_api_destination", **request(abroad, Name=name)) == refusal


def test_it_is_active_while_its_connection_is_authorized(api):
    """INACTIVE without a token; after a removal has ended (recorded, captured)."""
    arn = connect(api, kind="OAUTH_CLIENT_CREDENTIALS", parameters=OAUTH)
    assert api.create_api_destination(**request(arn))["ApiDestinationState"] == "INACTIVE"
    for revision, reported, expected in (
        (1, "AUTHORIZED", "ACTIVE"),
        (1, "ACTIVE", "ACTIVE"),
        (1, "FAILED_CONNECTIVITY", "INACTIVE"),
        (1, "AUTHORIZED", "ACTIVE"),
    ):
        api.report(arn, f"api:us-east-1:{ACCOUNT}", reported, None, revision)
        assert state(api) == expected
    api.deauthorize_connection(Name="conn")
    assert state(api) == "ACTIVE"
    api.report(arn, f"api:us-east-1:{ACCOUNT}", "DEAUTHORIZED", "removed", 2)
    assert state(api) == "INACTIVE"


def test_it_follows_one_incarnation_of_a_connection(api, connection):
    """A later one of the same name is another connection; an update leads to it (captured)."""
    api.create_api_destination(**request(connection))
    api.delete_connection(Name="conn")
    assert state(api) == "INACTIVE"
    later = connect(api)
    shown = api.describe_api_destination(Name="default")
    assert (shown["ApiDestinationState"], shown["ConnectionArn"]) == ("INACTIVE", connection)
    answer = api.update_api_destination(Name="default", ConnectionArn=later)
    assert answer["ApiDestinationState"] == "ACTIVE"


def test_put_targets_wants_a_role_for_it(api, connection):
    """Also where it takes the place of a target that has one, which stays (captured)."""
    arn = api.create_api_destination(**request(connection))["ApiDestinationArn"]
    api.put_rule(Name="d", EventPattern='{"source": ["cap"]}')
    role = f"arn:aws:iam::{ACCOUNT}:role/missing"
    values = {"PathParameterValues": ["one", "two"], "HeaderParameters": {"Host": "x"}}
    target = {"Id": "own", "Arn": arn, "RoleArn": role, "HttpParameters": values}
    done = {"FailedEntryCount": 0, "FailedEntries": []}
    assert api.put_targets(Rule="d", Targets=[target]) == done
    bare = [{"Id": "own", "Arn": arn}]
    refusal = (INVALID, f"RoleArn is required for target {arn}.")
    assert api.refused("put_targets", Rule="d", Targets=bare) == refusal
    assert api.list_targets_by_rule(Rule="d")["Targets"] == [target]
    wrong = [{"Id": "own", "Arn": arn, "RoleArn": "not-an-arn"}]
    assert api.refused("put_targets", Rule="d", Targets=wrong)[0] == INVALID
