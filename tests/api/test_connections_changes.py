"""Changes of connections (fidelity 9.1, 9.2): what an update keeps, and how parameters are removed."""

from __future__ import annotations

import json

import pytest
from connection_requests import (
    ACCOUNT,
    BASIC,
    HTTP,
    INVALID,
    KEY,
    MASKED,
    MISSING,
    NOTHING,
    OAUTH,
    create,
    oauth,
    secret,
)

from simbridge.model.secrets import Secrets


def report(api, state, name="conn", reason=None):
    """Let the connection report a state, as its actor does."""
    connection = api.store.connections[name].connection
    from_actor = (connection.arn, f"api:us-east-1:{ACCOUNT}")
    api.report(*from_actor, state, reason, connection.revision)


def test_an_update_keeps_what_it_leaves_out(api):
    """A password alone: the user and the parameters stay, and so does the secret (captured)."""
    create(api, parameters=BASIC | {"InvocationHttpParameters": HTTP})
    before = api.describe_connection(Name="conn")
    api.news()
    answer = api.update_connection(
        Name="conn",
        AuthorizationType="BASIC",
        AuthParameters={"BasicAuthParameters": {"Password": "two"}},
    )
    now = api.kernel.now // 1_000_000
    assert answer == {
        "ConnectionArn": before["ConnectionArn"],
        "ConnectionState": "AUTHORIZED",
        "CreationTime": before["CreationTime"],
        "LastModifiedTime": before["LastModifiedTime"],
        "LastAuthorizedTime": now,
    }
    after = api.describe_connection(Name="conn")
    times = {"LastModifiedTime": now, "LastAuthorizedTime": now}
    assert after == before | times
    content = json.loads(secret(api))
    assert (content["username"], content["password"]) == ("own-user", "two")
    assert content["invocation_http_parameters"]["header_parameters"][1]["value"] == "own-header"


def test_a_parameter_without_a_value_keeps_its_old_one(api):
    """And stays secret; one that is not listed is gone, a list that is not given stays (captured)."""
    create(api, parameters=BASIC | {"InvocationHttpParameters": HTTP})
    http = {"HeaderParameters": [{"Key": "x-private"}, {"Key": "x-new", "Value": "n"}]}
    api.update_connection(
        Name="conn", AuthorizationType="BASIC", AuthParameters={"InvocationHttpParameters": http}
    )
    shown = api.describe_connection(Name="conn")["AuthParameters"]["InvocationHttpParameters"]
    assert shown == MASKED | {
        "HeaderParameters": [
            {"Key": "x-private", "IsValueSecret": True},
            {"Key": "x-new", "Value": "n", "IsValueSecret": False},
        ]
    }
    headers = json.loads(secret(api))["invocation_http_parameters"]["header_parameters"]
    assert headers[0] == {"key": "x-private", "value": "own-header", "is_value_secret": True}


def test_another_type_needs_all_its_parameters(api):
    """Nothing of the type before is left."""
    create(api, parameters=BASIC | {"InvocationHttpParameters": HTTP})
    assert api.refused(
        "update_connection",
        Name="conn",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k"}},
    ) == (
        INVALID,
        "Failed to update the connection(s). Parameter ApiKeyAuthParameters is not valid. "
        "Reason: Missing required field(s)",
    )
    api.update_connection(Name="conn", AuthorizationType="API_KEY", AuthParameters=KEY)
    shown = api.describe_connection(Name="conn")
    assert shown["AuthorizationType"] == "API_KEY"
    assert shown["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "x-own-key"}}


@pytest.mark.parametrize(
    "request_",
    [{}, {"AuthParameters": BASIC}, {"AuthorizationType": "BASIC"}],
)
def test_an_update_without_a_change_is_refused(api, request_):
    """Parameters without their type are none (captured)."""
    create(api)
    assert api.refused("update_connection", Name="conn", **request_) == (INVALID, NOTHING)


def test_an_update_of_the_description_authorizes_nothing(api):
    """State, parameters and secret stay; an empty one removes it (captured)."""
    create(api, kind=OAUTH, parameters=oauth())
    api.news()
    api.update_connection(Name="conn", Description="new")
    assert api.news() == []
    assert api.describe_connection(Name="conn")["Description"] == "new"
    api.update_connection(Name="conn", Description="")
    assert "Description" not in api.describe_connection(Name="conn")


def test_an_update_of_oauth_authorizes_anew(api):
    """AUTHORIZING, with the time of the authorization before."""
    create(api, kind=OAUTH, parameters=oauth())
    report(api, "AUTHORIZED")
    parameters = oauth(HttpMethod="GET")
    answer = api.update_connection(Name="conn", AuthorizationType=OAUTH, AuthParameters=parameters)
    assert answer["ConnectionState"] == "AUTHORIZING"
    assert json.loads(secret(api))["http_method"] == "GET"


# -- deauthorize and delete -------------------------------------------------------------------


def test_deauthorize(api_with):
    """The parameters are gone at once, the secret later; the reason comes with the end (captured)."""
    api = api_with(connection_deauthorizing_us=60_000_000)
    create(api, Description="d")
    before = api.describe_connection(Name="conn")
    api.news()
    for _ in range(2):
        answer = api.deauthorize_connection(Name="conn")
        assert answer["ConnectionState"] == "DEAUTHORIZING"
    assert answer["LastAuthorizedTime"] == before["LastAuthorizedTime"]
    shown = api.describe_connection(Name="conn")
    assert shown["AuthParameters"] == {} and shown["SecretArn"] == before["SecretArn"]
    assert "StateReason" not in shown
    assert api.refused("update_connection", Name="conn", Description="e") == (
        "ConcurrentModificationException",
        "Failed to update the connection(s). Connection 'conn' was modified concurrently.",
    )
    report(api, "DEAUTHORIZED", reason="removed")
    shown = api.describe_connection(Name="conn")
    assert (shown["ConnectionState"], shown["StateReason"]) == ("DEAUTHORIZED", "removed")
    assert "SecretArn" not in shown and shown["Description"] == "d"
    api.news()
    api.update_connection(Name="conn", AuthorizationType="API_KEY", AuthParameters=KEY)
    after = api.describe_connection(Name="conn")
    assert after["ConnectionState"] == "AUTHORIZED" and "StateReason" not in after
    assert after["SecretArn"] != before["SecretArn"]
    assert after["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "x-own-key"}}


def test_a_removal_without_a_delay_does_not_hinder_an_update(api):
    """In a world without delays nothing has to run in between; the old secret is gone."""
    create(api, parameters=BASIC | {"InvocationHttpParameters": HTTP})
    old = api.describe_connection(Name="conn")["SecretArn"]
    api.deauthorize_connection(Name="conn")
    code, text = api.refused_now(
        "update_connection",
        Name="conn",
        AuthorizationType="BASIC",
        AuthParameters={"BasicAuthParameters": {"Password": "p"}},
    )
    assert code == INVALID and "BasicAuthParameters is not valid" in text
    api.update_connection(Name="conn", AuthorizationType="BASIC", AuthParameters=BASIC)
    new = api.describe_connection(Name="conn")
    assert new["SecretArn"] != old
    assert new["AuthParameters"] == {"BasicAuthParameters": {"Username": "own-user"}}
    assert Secrets.of(api.kernel.shared).text(old) is None


def test_delete(api_with):
    """DELETING keeps all fields, and refuses changes; then it is gone (captured)."""
    api = api_with(connection_deleting_us=60_000_000)
    create(api, "conn", "API_KEY", KEY, Description="d")
    before = api.describe_connection(Name="conn")
    answer = api.delete_connection(Name="conn")
    assert set(answer) == {
        "ConnectionArn",
        "ConnectionState",
        "CreationTime",
        "LastModifiedTime",
        "LastAuthorizedTime",
    }
    assert api.describe_connection(Name="conn") == before | {"ConnectionState": "DELETING"}
    assert api.refused("update_connection", Name="conn", Description="e")[0] == (
        "ConcurrentModificationException"
    )
    assert api.refused("deauthorize_connection", Name="conn")[0] == (
        "ConcurrentModificationException"
    )
    one = {"AuthorizationType": "BASIC", "AuthParameters": BASIC}
    assert api.refused("create_connection", Name="conn", **one)[0] == (
        "ResourceAlreadyExistsException"
    )
    report(api, "DELETED")
    assert api.refused("describe_connection", Name="conn")[0] == MISSING


def test_a_report_of_an_older_description_changes_nothing(api):
    """What was under way when a connection was updated is not about the connection any more."""
    create(api, kind=OAUTH, parameters=oauth())
    connection = api.store.connections["conn"].connection
    api.update_connection(Name="conn", AuthorizationType="API_KEY", AuthParameters=KEY)
    address = f"api:us-east-1:{ACCOUNT}"
    api.report(connection.arn, address, "DEAUTHORIZED", "late", connection.revision)
    api.report(connection.arn + "0", address, "DELETED", None, connection.revision + 1)
    assert api.describe_connection(Name="conn")["ConnectionState"] == "AUTHORIZED"
