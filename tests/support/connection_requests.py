"""Requests about connections, as the tests of the operations send them, and what comes back."""

from __future__ import annotations

from simbridge.model.secrets import Secrets

ACCOUNT = "123456789012"
INVALID, MISSING = "ValidationException", "ResourceNotFoundException"
OAUTH = "OAUTH_CLIENT_CREDENTIALS"
BASIC = {"BasicAuthParameters": {"Username": "own-user", "Password": "own-password"}}
KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-own-key", "ApiKeyValue": "own-api-key"}}
HTTP = {
    "HeaderParameters": [
        {"Key": "x-public", "Value": "visible"},
        {"Key": "x-private", "Value": "own-header", "IsValueSecret": True},
    ],
    "QueryStringParameters": [{"Key": "query", "Value": "connection-query"}],
    "BodyParameters": [{"Key": "body", "Value": "connection-body"}],
}
MASKED = {
    "HeaderParameters": [
        {"Key": "x-public", "Value": "visible", "IsValueSecret": False},
        {"Key": "x-private", "IsValueSecret": True},
    ],
    "QueryStringParameters": [
        {"Key": "query", "Value": "connection-query", "IsValueSecret": False}
    ],
    "BodyParameters": [{"Key": "body", "Value": "connection-body", "IsValueSecret": False}],
}
NOTHING = (
    "Failed to update the connection(s). At least one of the following is required: Description, "
    "KmsKeyIdentifier, AuthorizationType with BasicAuthParameters, ApiKeyAuthParameters, or "
    "OAuthParameters."
)


def oauth(**changes):
    """AuthParameters of an OAuth connection."""
    parameters = {
        "AuthorizationEndpoint": "https://example.com/oauth",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "own-client", "ClientSecret": "own-secret"},
    }
    return {"OAuthParameters": parameters | changes}


def create(api, name="conn", kind="BASIC", parameters=None, **more):
    parameters = BASIC if parameters is None else parameters
    return api.create_connection(
        Name=name, AuthorizationType=kind, AuthParameters=parameters, **more
    )


def secret(api, name="conn"):
    """The text of a connection's secret."""
    return Secrets.of(api.kernel.shared).text(api.describe_connection(Name=name)["SecretArn"])
