"""Policies of event buses: may this caller do this to that?

A policy is a document in the language that AWS shares between its services (IAM user guide, "Policy
evaluation logic"): statements that allow or deny actions on resources to principals, under conditions.
A statement that denies beats one that allows, and nobody is allowed by default. Only the account that
owns the bus needs nobody's permission; it can still be denied.

`check` reads a document as PutPermission does, in the service's own words, and answers how it is
stored (`parse`). `refusal` asks a stored one (`evaluate`). Whatever the language has and no event bus
here can be asked (dates, addresses, tags of principals) is refused as not simulated, rather than taken
and misread.
"""

from simbridge.languages.policy.evaluate import Caller, forwarder, refusal
from simbridge.languages.policy.parse import ACTIONS, check
from simbridge.languages.policy.vocabulary import document, principal, root, statements

__all__ = [
    "ACTIONS",
    "Caller",
    "check",
    "document",
    "forwarder",
    "principal",
    "refusal",
    "root",
    "statements",
]
