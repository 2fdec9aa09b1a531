"""Tags as requests carry them: a list of keys and values, kept as a dict in the order given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simbridge.api.errors import invalid, limit_exceeded
from simbridge.api.plane import Context

__all__ = ["read_tags"]


def read_tags(context: Context, given: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """The tags of a new resource; of a key that is given twice the last one counts."""
    tags = {tag["Key"]: tag["Value"] for tag in given or ()}
    if any(key.lower().startswith("aws:") for key in tags):
        # The prefix is reserved (quotas page); the words are those of other AWS services.
        raise invalid("aws: prefixed tag key names are not allowed for external use.")
    if len(tags) > context.limits["tags_per_resource"]:
        raise limit_exceeded()
    return tags
