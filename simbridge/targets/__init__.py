"""What a rule can deliver to: one row for each kind of target, and what follows from the row.

    kinds        the table: ARN form, role, parameter block, input, payload limit, request
    parameters   what PutTargets refuses in a parameter block
    sending      what a request is made of; `$.path` values in parameters
    payloads     calls that hand the payload over, one function for each kind
    jobs         calls that start work
    http         calls by HTTP: paths, headers and query strings
    failures     requests that cannot be made, and the error codes they end in
    refusals     the words in which services refuse
    page         the table as a page of the documentation

PutTargets (`api/targets`) checks by the table, a delivery asks it whether a request can be made at
all (`failure`), and a stand-in shows the request it has received (`request`).
"""

from simbridge.targets.failures import FAILURES, Failure, failed
from simbridge.targets.kinds import (
    BLOCKS,
    FITS_ANYWHERE_CHARS,
    KINDS,
    TargetKind,
    failure,
    is_service,
    kind_of,
    request,
)
from simbridge.targets.parameters import complaint
from simbridge.targets.payloads import dead_letter_request
from simbridge.targets.refusals import REFUSALS, Refusal, checked_error, words
from simbridge.targets.sending import Request, Sending

__all__ = [
    "BLOCKS",
    "FAILURES",
    "FITS_ANYWHERE_CHARS",
    "KINDS",
    "REFUSALS",
    "Failure",
    "Refusal",
    "Request",
    "Sending",
    "TargetKind",
    "checked_error",
    "complaint",
    "dead_letter_request",
    "failed",
    "failure",
    "is_service",
    "kind_of",
    "request",
    "words",
]
