"""Normalizes the X-Ray trace header that an event is put with.

A header is a list of fields `Name=value`, separated by semicolons. EventBridge parses it and writes it
anew (captured, about thirty headers):

- Root, Parent and Sampled come first, in this order; the other fields follow, sorted by name. Spaces
  around a field and fields without `=` are removed.
- Of several Roots or Sampleds the last one counts, valid or not; of several Parents the last valid one.
- A Root is written in lower case. A Parent that is not sixteen hexadecimal digits is removed, and so is a
  Sampled other than 0, 1 and ?.
- Without a valid Root the header is dropped, unless it says `Sampled=0`: then the event gets a new Root.
- A Parent in capitals together with `Sampled=1` drops the header; AWS documents no reason.

    >>> normalize_trace_header(
    ...     "Lineage=a; Sampled=1; Root=1-5759E988-BD862E3FE1BE46A994272793", "an event id", 0
    ... )
    'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=a'

What AWS does with the field `Self` of load balancers is not known. It is treated like other fields.

<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>
"""

from __future__ import annotations

import re
import uuid

__all__ = ["normalize_trace_header"]

_ROOT = re.compile("1-[0-9a-f]{8}-[0-9a-f]{24}", re.IGNORECASE)
_PARENT = re.compile("[0-9a-f]{16}", re.IGNORECASE)
_SAMPLED = ("0", "1", "?")


def normalize_trace_header(header: str, event_id: str, now_us: int) -> str | None:
    """The header that is sent with the event; None if it is dropped.

    A new Root has the time `now_us`, microseconds since the epoch, and is derived from the event's id,
    which depends on the seed.
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
        root = _new_root(event_id, now_us)
    if not root or (sampled == "1" and parent != parent.lower()):
        return None
    first = {"Root": root, "Parent": parent, "Sampled": sampled}
    fields = [f"{name}={value}" for name, value in first.items() if value]
    return ";".join([*fields, *(f"{name}={others[name]}" for name in sorted(others))])


def _new_root(event_id: str, now_us: int) -> str:
    """A Root: version, seconds since the epoch, 96 bits."""
    unique = uuid.uuid3(uuid.NAMESPACE_URL, f"trace root\n{event_id}")
    return f"1-{now_us // 1_000_000:08x}-{unique.hex[:24]}"
