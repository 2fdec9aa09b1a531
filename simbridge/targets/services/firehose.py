"""Amazon Data Firehose: a record is put into a delivery stream."""

from __future__ import annotations

from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import KIB, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _put_record(sending: Sending) -> Request:
    """A record, without a line break at its end (recorded)."""
    return {
        "Action": "PutRecord",
        "DeliveryStreamName": sending.name,
        "Record": {"Data": sending.text},
    }


SERVICE = Service(
    (
        TargetKind(
            "Firehose stream",
            "firehose",
            "deliverystream/NAME",
            "required",
            _put_record,
            Example("deliverystream/orders", {"InputPath": "$.detail"}),
            payload_bytes_max=1000 * KIB,  # Amazon Data Firehose: PutRecord
        ),
    )
)
