"""Connections (fidelity 9.1, 9.2, 9.3): every step that was recorded or captured, and every refusal."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
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

from simbridge.api.redaction import SENSITIVE
from simbridge.model.http import COULD_NOT_CONNECT, Network
from simbridge.model.messages import Call, Configure

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
RESOURCE = f"arn:aws:vpc-lattice:us-east-1:{ACCOUNT}:resourceconfiguration/rcfg-0123456789abcdefg"
CONNECTIVITY = {"ResourceParameters": {"ResourceConfigurationArn": RESOURCE}}
ASSOCIATION = rf"arn:aws:vpc-lattice:us-east-1:{ACCOUNT}:servicenetworkresourceassociation/snra-[0-9a-z]{{17}}"


# -- create and describe ----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "parameters"), [("BASIC", BASIC), ("API_KEY", KEY)])
@pytest.mark.parametrize("http", [{}, {"InvocationHttpParameters": {}}])
def test_a_connection_with_credentials_is_authorized_at_once(api, kind, parameters, http):
    """Exactly these keys; no LastAuthorizedTime (recorded)."""
    answer = create(api, kind=kind, parameters=parameters | http)
    arn = answer.pop("ConnectionArn")
    assert re.fullmatch(rf"arn:aws:events:us-east-1:{ACCOUNT}:connection/conn/{UUID}", arn)
    now = api.kernel.now // 1_000_000
    assert answer == {
        "ConnectionState": "AUTHORIZED",
        "CreationTime": now,
        "LastModifiedTime": now,
    }


def test_an_oauth_connection_is_authorizing(api):
    """The same keys (recorded)."""
    answer = create(api, kind=OAUTH, parameters=oauth())
    assert answer["ConnectionState"] == "AUTHORIZING"
    assert set(answer) == {"ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime"}


def test_describe_masks_what_is_secret(api):
    """No password; a secret parameter has no value, others say that they are not (captured)."""
    create(api, parameters=BASIC | {"InvocationHttpParameters": HTTP}, Description="own evidence")
    answer = api.describe_connection(Name="conn")
    arn, secret_arn = answer.pop("ConnectionArn"), answer.pop("SecretArn")
    now = api.kernel.now // 1_000_000
    assert answer == {
        "Name": "conn",
        "Description": "own evidence",
        "ConnectionState": "AUTHORIZED",
        "AuthorizationType": "BASIC",
        "AuthParameters": {
            "BasicAuthParameters": {"Username": "own-user"},
            "InvocationHttpParameters": MASKED,
        },
        "CreationTime": now,
        "LastModifiedTime": now,
        "LastAuthorizedTime": now,
    }
    form = rf"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:events!connection/conn/({UUID})-[A-Za-z0-9]{{6}}"
    match = re.fullmatch(form, secret_arn)
    assert match and match[1] not in arn


def test_describe_of_an_api_key_and_of_empty_parameters(api):
    """The name alone; `{}` is echoed, what was not given is absent (recorded)."""
    create(api, "key", "API_KEY", KEY | {"InvocationHttpParameters": {}})
    create(api, "other", "API_KEY", KEY)
    shown = {"ApiKeyAuthParameters": {"ApiKeyName": "x-own-key"}}
    assert api.describe_connection(Name="key")["AuthParameters"] == shown | {
        "InvocationHttpParameters": {}
    }
    answer = api.describe_connection(Name="other")
    assert answer["AuthParameters"] == shown
    assert "Description" not in answer and "StateReason" not in answer


def test_describe_of_oauth(api):
    """It has never been authorized, which is told as the epoch (captured)."""
    http = {
        "HeaderParameters": [
            {"Key": "x-own-public", "Value": "public"},
            {"Key": "x-own-private", "Value": "p", "IsValueSecret": True},
        ],
        "BodyParameters": [{"Key": "grant_type", "Value": "client_credentials"}],
    }
    Network.of(api.kernel.shared).register("https://example.com")
    create(api, kind=OAUTH, parameters=oauth(OAuthHttpParameters=http))
    answer = api.describe_connection(Name="conn")
    assert answer["LastAuthorizedTime"] == 0
    assert "StateReason" not in answer
    assert answer["AuthParameters"] == {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "own-client"},
            "AuthorizationEndpoint": "https://example.com/oauth",
            "HttpMethod": "POST",
            "OAuthHttpParameters": {
                "HeaderParameters": [
                    {"Key": "x-own-public", "Value": "public", "IsValueSecret": False},
                    {"Key": "x-own-private", "IsValueSecret": True},
                ],
                "BodyParameters": [
                    {"Key": "grant_type", "Value": "client_credentials", "IsValueSecret": False}
                ],
            },
        }
    }


def test_without_an_endpoint_the_reason_is_there_at_once(api):
    """AWS has it within a few hundred ms (captured); the call says what is missing."""
    create(api, kind=OAUTH, parameters=oauth())
    assert api.describe_connection(Name="conn")["StateReason"] == COULD_NOT_CONNECT
    [call] = [one for *_, one in api.kernel.trace if getattr(one, "operation", "").startswith("C")]
    assert call.detail == (
        "no HTTP endpoint is registered at https://example.com/oauth; create one with "
        "world.http('https://example.com/oauth')"
    )


def test_an_odd_endpoint_and_a_method_in_lower_case_are_taken(api):
    """What a deployment tool put there before it knew the URL (recorded)."""
    http = {"HeaderParameters": [{"Key": "k", "Value": "v"}]}
    parameters = oauth(
        AuthorizationEndpoint="replace_this", HttpMethod="put", OAuthHttpParameters=http
    )
    assert "ConnectionArn" in create(api, kind=OAUTH, parameters=parameters)


@pytest.mark.parametrize(
    ("kind", "parameters", "text"),
    [
        (
            "BASIC",
            BASIC | {"InvocationHttpParameters": HTTP},
            '{"username":"own-user","password":"own-password","invocation_http_parameters":'
            '{"header_parameters":[{"key":"x-public","value":"visible","is_value_secret":false},'
            '{"key":"x-private","value":"own-header","is_value_secret":true}],'
            '"query_string_parameters":[{"key":"query","value":"connection-query",'
            '"is_value_secret":false}],"body_parameters":[{"key":"body",'
            '"value":"connection-body","is_value_secret":false}]}}',
        ),
        ("API_KEY", KEY, '{"api_key_name":"x-own-key","api_key_value":"own-api-key"}'),
        (
            OAUTH,
            oauth(OAuthHttpParameters={"BodyParameters": [{"Key": "grant_type", "Value": "c"}]}),
            '{"client_id":"own-client","client_secret":"own-secret",'
            '"authorization_endpoint":"https://example.com/oauth","http_method":"POST",'
            '"oauth_http_parameters":{"body_parameters":[{"key":"grant_type","value":"c",'
            '"is_value_secret":false}]}}',
        ),
    ],
)
def test_the_text_of_a_secret(api, kind, parameters, text):
    """To the letter, in this order of keys (captured)."""
    create(api, kind=kind, parameters=parameters)
    assert secret(api) == text


def test_ids_follow_from_the_seed_and_the_name(api, api_with):
    """Other connections do not change them; a second incarnation of a name has another."""
    first = create(api)["ConnectionArn"]
    other = api_with()
    create(other, "elsewhere")
    assert create(other)["ConnectionArn"] == first
    api.delete_connection(Name="conn")
    assert create(api)["ConnectionArn"] != first


# -- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (
            {"Name": "n", "AuthorizationType": "INVALID_AUTH_TYPE", "AuthParameters": {}},
            "1 validation error detected: Value 'INVALID_AUTH_TYPE' at 'authorizationType' failed "
            "to satisfy constraint: Member must satisfy enum value set: "
            "[BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]",
        ),
        (
            {
                "Name": "Invalid Name With Spaces!",
                "AuthorizationType": "BASIC",
                "AuthParameters": BASIC,
            },
            "1 validation error detected: Value 'Invalid Name With Spaces!' at 'name' failed to "
            r"satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+",
        ),
        (
            {"Name": "a b" * 22, "AuthorizationType": "INVALID", "AuthParameters": BASIC},
            f"3 validation errors detected: Value '{'a b' * 22}' at 'name' failed to satisfy "
            r"constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+; "
            f"Value '{'a b' * 22}' at 'name' failed to satisfy constraint: Member must have length "
            "less than or equal to 64; Value 'INVALID' at 'authorizationType' failed to satisfy "
            "constraint: Member must satisfy enum value set: "
            "[BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]",
        ),
        (
            {"Name": "n", "AuthorizationType": "BASIC", "AuthParameters": KEY},
            "Failed to create the connection(s). Parameter BasicAuthParameters is not valid. "
            "Reason: Missing required field(s)",
        ),
        (
            {"Name": "n", "AuthorizationType": OAUTH, "AuthParameters": {}},
            "Failed to create the connection(s). Parameter OAuthParameters is not valid. "
            "Reason: Missing required field(s)",
        ),
        (
            {
                "Name": "n",
                "AuthorizationType": OAUTH,
                "AuthParameters": oauth(AuthorizationEndpoint="http://example.com"),
            },
            "Failed to create the connection(s). Parameter AuthorizationEndpoint is not valid. "
            "Reason: Endpoint 'http://example.com' is invalid, please provide a valid HTTPS "
            "endpoint URL.",
        ),
    ],
)
def test_create_refuses(api, request_, text):
    """In these words (recorded; lint)."""
    assert api.refused("create_connection", **request_) == (INVALID, text)


def test_a_value_that_is_secret_is_in_no_refusal(api):
    """Not in the text for the client, and not in the trace."""
    long = "hush" * 200
    parameters = {"BasicAuthParameters": {"Username": "u", "Password": long}}
    code, text = api.refused(
        "create_connection", Name="n", AuthorizationType="BASIC", AuthParameters=parameters
    )
    assert code == INVALID and f"Value '{SENSITIVE}' at 'authParameters" in text
    [call] = [one for *_, one in api.kernel.trace if isinstance(one, Call)]
    assert "hush" not in str(call)
    assert call.request["AuthParameters"]["BasicAuthParameters"]["Username"] == "u"


def test_a_name_is_taken_once(api):
    """Until the connection is deleted."""
    create(api)
    assert api.refused(
        "create_connection", Name="conn", AuthorizationType="BASIC", AuthParameters=BASIC
    ) == (
        "ResourceAlreadyExistsException",
        "Failed to create the connection(s). Connection 'conn' already exists.",
    )


@pytest.mark.parametrize("verb", ["describe", "delete", "deauthorize", "update"])
def test_a_connection_that_is_not_there(api, verb):
    """Each operation has its verb (recorded)."""
    more = {"Description": "d"} if verb == "update" else {}
    text = f"Failed to {verb} the connection(s). Connection 'NAME' does not exist."
    assert api.refused(f"{verb}_connection", Name="NAME", **more) == (MISSING, text)


def test_quotas(api_with):
    """Of all connections, and of those to private networks (fidelity 10.1)."""
    full = ("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    api = api_with(connections=2, private_connections=1)
    private = {"InvocationConnectivityParameters": CONNECTIVITY}
    create(api, "a", **private)
    one = {"AuthorizationType": "BASIC", "AuthParameters": BASIC}
    assert api.refused("create_connection", Name="b", **one, **private) == full
    create(api, "b")
    assert api.refused("create_connection", Name="c", **one) == full
    assert api.refused("update_connection", Name="b", Description="d", **private) == full
    assert api.update_connection(Name="a", Description="d", **private)


# -- lists ------------------------------------------------------------------------------------


def test_list(api):
    """By name, without secret, parameters and description; no NextToken at the end (recorded)."""
    create(api, "b", Description="d")
    create(api, "a", OAUTH, oauth())
    found = api.list_connections()
    assert list(found) == ["Connections"]
    assert [one["Name"] for one in found["Connections"]] == ["a", "b"]
    assert set(found["Connections"][1]) == {
        "Name",
        "ConnectionArn",
        "ConnectionState",
        "AuthorizationType",
        "CreationTime",
        "LastModifiedTime",
        "LastAuthorizedTime",
    }
    assert [c["Name"] for c in api.list_connections(NamePrefix="b")["Connections"]] == ["b"]
    by_state = api.list_connections(ConnectionState="AUTHORIZING")["Connections"]
    assert [c["Name"] for c in by_state] == ["a"]


def test_list_goes_on_with_a_token(api):
    """A token is plain Base64; one of another form is refused by its pattern (captured)."""
    names = [f"conn-{number:02}" for number in range(30)]
    for name in names:
        create(api, name)
    seen, token = [], {}
    while True:
        page = api.list_connections(Limit=7, **token)
        seen += [one["Name"] for one in page["Connections"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
        assert re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", page["NextToken"])
    assert seen == names
    code, text = api.refused("list_connections", NextToken="invalid")
    assert code == INVALID and text.startswith(
        "1 validation error detected: Value 'invalid' at 'nextToken' failed to satisfy constraint: "
    )
    code, text = api.refused("list_connections", NextToken="YWJj", Limit=7)
    assert (code, text) == (INVALID, "Parameter NextToken is not valid. Reason: Token invalid.")


# -- private networks, and what is sent -------------------------------------------------------


def test_private_connections(api):
    """Stored and shown with the ARN of the association, which AWS makes."""
    create(api, InvocationConnectivityParameters=CONNECTIVITY, KmsKeyIdentifier="alias/k")
    shown = api.describe_connection(Name="conn")
    assert shown["ConnectionState"] == "CREATING" and shown["KmsKeyIdentifier"] == "alias/k"
    parameters = shown["InvocationConnectivityParameters"]["ResourceParameters"]
    assert parameters["ResourceConfigurationArn"] == RESOURCE
    assert re.fullmatch(ASSOCIATION, parameters["ResourceAssociationArn"])
    private = oauth() | {"ConnectivityParameters": CONNECTIVITY}
    create(api, "other", OAUTH, private)
    shown = api.describe_connection(Name="other")
    assert shown["ConnectionState"] == "AUTHORIZING"
    parameters = shown["AuthParameters"]["ConnectivityParameters"]["ResourceParameters"]
    assert re.fullmatch(ASSOCIATION, parameters["ResourceAssociationArn"])
    [first, second] = [message.resource for _, message in api.news()]
    assert (first.private, first.private_endpoint) == (True, False)
    assert (second.private, second.private_endpoint) == (False, True)


def test_another_private_network_authorizes_anew(api):
    """The same one does not, and keeps its association; an empty ARN is the public network (docs)."""
    create(api, InvocationConnectivityParameters=CONNECTIVITY)
    before = api.describe_connection(Name="conn")
    api.news()
    same = {"Description": "d", "InvocationConnectivityParameters": CONNECTIVITY}
    api.update_connection(Name="conn", **same)
    after = api.describe_connection(Name="conn")
    assert api.news() == []
    name = "InvocationConnectivityParameters"
    assert after[name] == before[name]
    for resource, state in ((RESOURCE[:-1] + "x", "UPDATING"), ("", "AUTHORIZED")):
        other = {"ResourceParameters": {"ResourceConfigurationArn": resource}}
        answer = api.update_connection(
            Name="conn", Description="d", InvocationConnectivityParameters=other
        )
        assert answer["ConnectionState"] == state
        [(_, sent)] = api.news()
        assert sent.resource.private == bool(resource)
    shown = api.describe_connection(Name="conn")
    assert name not in shown
    assert shown["AuthParameters"] == {"BasicAuthParameters": {"Username": "own-user"}}


def test_what_is_sent_has_no_secret(api):
    """The actor is told where the secret is, not what is in it; so is the trace."""
    create(api, parameters=BASIC | {"InvocationHttpParameters": HTTP})
    create(api, "oauth", OAUTH, oauth())
    api.update_connection(Name="conn", AuthorizationType="API_KEY", AuthParameters=KEY)
    sent = api.news()
    assert all(isinstance(message, Configure) for _, message in sent)
    told = f"{sent} {api.kernel.trace} {api.plane.stores}"
    for text in ("own-password", "own-header", "own-secret", "own-api-key"):
        assert text not in told
    calls = [one for *_, one in api.kernel.trace if isinstance(one, Call)]
    header = calls[0].request["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"][1]
    assert header == {"Key": "x-private", "Value": SENSITIVE, "IsValueSecret": True}


def test_a_genuine_client_reads_the_answers(client):
    """Times, states and errors as boto3 has them (captured)."""
    client.create_connection(
        Name="conn", AuthorizationType=OAUTH, AuthParameters=oauth(HttpMethod="PUT")
    )
    shown = client.describe_connection(Name="conn")
    assert shown["LastAuthorizedTime"] == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(ClientError) as refusal:
        client.update_connection(Name="conn")
    assert refusal.value.response["Error"] == {"Code": INVALID, "Message": NOTHING}
