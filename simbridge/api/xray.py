"""X-Ray trace headers: what EventBridge makes of the one that an event is put with.

A header is fields `Name=value` with semicolons between them. The service reads it and writes it anew
(captured, some thirty headers):

- Root, Parent and Sampled come first, in this order, then all other fields by name; spaces around a
  field go, and so does a field without `=`.
- Of several Roots or Sampleds the last one counts, valid or not; of several Parents the last valid one.
- A Root is written in lower case. A Parent that is not sixteen hexadecimal digits goes, and so does a
  Sampled other than 0, 1 and ?.
- Without a valid Root the header is dropped, unless it says `Sampled=0`: then the event gets a Root.
- A Parent in capitals together with `Sampled=1` drops the header, for a reason that nobody has told.

What it does with a field `Self`, which load balancers add, is not known: here it is a field like others.
"""

from __future__ import annotations

import re
import uuid

__all__ = ["normalize_trace_header"]

_ROOT = re.compile("1-[0-9a-f]{8}-[0-9a-f]{24}", re.IGNORECASE)
_PARENT = re.compile("[0-9a-f]{16}", re.IGNORECASE)
_SAMPLED = ("0", "1", "?")


def normalize_trace_header(header: str, event_id: str, now_us: int) -> str | None:
    """The header as it travels with the event; None where it does not.

    A Root that the service has to make up is of `now_us`, microseconds since the epoch, and follows from
    the event's id, which the seed has decided.
    """
    root = sampled = parent = ""
    others: dict[str, str] = {}
    for field in header.split(";"):
        name, equals, value = field.strip().partition("=")
        if name == "Root":
            root = value.lower() if _ROOT.fullmatch(value) else ""
        elif name == "Sampled":
            sampled = value if value in _SAMPLED else ""
        elif name == "Parent":
            parent = value if _PARENT.fullmatch(value) else parent
        elif name and equals:
            others[name] = value
    if not root and sampled == "0":
        root = _made_up(event_id, now_us)
    if not root or (sampled == "1" and parent != parent.lower()):
        return None
    known = {"Root": root, "Parent": parent, "Sampled": sampled}
    fields = [f"{name}={value}" for name, value in known.items() if value]
    return ";".join([*fields, *(f"{name}={others[name]}" for name in sorted(others))])


def _made_up(event_id: str, now_us: int) -> str:
    """A Root: version, seconds since the epoch, 96 bits."""
    unique = uuid.uuid3(uuid.NAMESPACE_URL, f"trace root\n{event_id}")
    return f"1-{now_us // 1_000_000:08x}-{unique.hex[:24]}"
