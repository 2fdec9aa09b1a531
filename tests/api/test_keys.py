"""How a KMS key may be named (fidelity 11.9)."""

from __future__ import annotations

import re

import pytest

from simbridge.api.keys import key_of
from simbridge.api.plane import Context
from simbridge.base.errors import ServiceError

OWN = "arn:aws:kms:us-east-1:123456789012:"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def context(api):
    return Context(api.plane, api.store, sequence=0, cause=0, sender="test")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("alias/orders", OWN + "alias/orders"),
        (KEY_ID, f"{OWN}key/{KEY_ID}"),
        ("mrk-" + "0a" * 16, f"{OWN}key/mrk-{'0a' * 16}"),
        (f"{OWN}key/{KEY_ID}", f"{OWN}key/{KEY_ID}"),
        (
            "arn:aws:kms:eu-west-1:210987654321:alias/a",
            "arn:aws:kms:eu-west-1:210987654321:alias/a",
        ),
    ],
)
def test_a_key_is_stored_as_an_arn(context, given, stored):
    """An alias too (captured); that a key id is, is assumed."""
    assert key_of(context, given) == stored


@pytest.mark.parametrize(
    "given", ["not-a-key", "alias/", OWN, "arn:aws:sqs:us-east-1:123456789012:key/a", OWN + "key/"]
)
def test_what_names_no_key(context, given):
    """The text is one of KMS, with the id of a request (captured)."""
    with pytest.raises(ServiceError) as refusal:
        key_of(context, given)
    assert refusal.value.code == "ValidationException"
    assert re.fullmatch(
        rf"Parameter Invalid keyId {re.escape(given)} \(Service: Kms, Status Code: 400, Request ID: "
        r"[0-9a-f-]{36}\) \(SDK Attempt Count: 1\) is not valid\.",
        refusal.value.message,
    )


def test_the_key_of_the_service_is_no_customer_managed_key(context):
    """Its full ARN is in the text (captured)."""
    with pytest.raises(ServiceError) as refusal:
        key_of(context, "alias/aws/events")
    assert refusal.value.message == (
        f"Parameter {OWN}alias/aws/events is not valid. Reason: Provided Arn is not in correct format."
    )
