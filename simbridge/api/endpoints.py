"""URLs of HTTP endpoints: those that connections and API destinations take."""

from __future__ import annotations

import re

from simbridge.api.errors import invalid

__all__ = ["check_endpoint"]

_HOST = re.compile(r"[^@*:]+(:\d+)?")


def check_endpoint(prefix: str, parameter: str, url: str) -> None:
    """Refuse what is not an HTTPS URL, in the service's words (fidelity 9.5; captured).

    The service takes a URL without a scheme, one of any host, and `*` in its path. It refuses other
    schemes, a user in front of the host, a host with a `*`, and none at all.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "https", url
    host = re.split(r"[/?]", rest, maxsplit=1)[0]
    if scheme.lower() != "https" or not _HOST.fullmatch(host):
        raise invalid(
            f"{prefix} Parameter {parameter} is not valid. Reason: Endpoint '{url}' is invalid, "
            "please provide a valid HTTPS endpoint URL."
        )
