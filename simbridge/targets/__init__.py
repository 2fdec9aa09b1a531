"""What a rule can deliver to: one module a service, and what all of them share.

    services     one module a service: its kinds, requests, limits, errors and examples
    service      the types of these rows
    table        the table collected from them, and look-ups in it
    sending      what a request is made of; `$.path` values in parameters
    inputs, http what several services share
    api_destination the HTTP request of an API destination
    permission   what the resource policy of a target must allow
    failures     requests that cannot be made, and the error codes they end in
    refusals     the texts in which services refuse
    reference    the table as a page of the documentation

PutTargets (`api/targets`) checks by the table, a delivery asks it whether a request can be made at
all (`failure`), and a stand-in shows the request it has received (`request`).
"""

from simbridge.targets.api_destination import RequestForm
from simbridge.targets.failures import Failure, FailureKind
from simbridge.targets.permission import NOT_ALLOWED, Permission
from simbridge.targets.refusals import REFUSALS, checked_error, request_id, words
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Refusal, Service, TargetKind
from simbridge.targets.services.logs import NO_WHOLE_GROUP
from simbridge.targets.services.sqs import NO_DEDUPLICATION, dead_letter_request
from simbridge.targets.table import (
    BLOCKS,
    FAILURES,
    FITS_ANYWHERE_CHARS,
    KINDS,
    complaint,
    failure,
    is_service,
    kind_of,
    request,
)

__all__ = [
    "BLOCKS",
    "FAILURES",
    "FITS_ANYWHERE_CHARS",
    "KINDS",
    "NOT_ALLOWED",
    "NO_DEDUPLICATION",
    "NO_WHOLE_GROUP",
    "REFUSALS",
    "Failure",
    "FailureKind",
    "Permission",
    "Refusal",
    "Request",
    "RequestForm",
    "Sending",
    "Service",
    "TargetKind",
    "checked_error",
    "complaint",
    "dead_letter_request",
    "failure",
    "is_service",
    "kind_of",
    "request",
    "request_id",
    "words",
]
