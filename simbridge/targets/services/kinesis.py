"""Amazon Kinesis Data Streams: a record is put into a stream, under a partition key."""

from __future__ import annotations

import msgspec

from simbridge.languages.transform import jsontext, paths
from simbridge.targets.failures import Failure, FailureKind
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import KIB, Example, Service, TargetKind

__all__ = ["SERVICE"]

_PARTITION_KEY_CHARS_MAX = 256  # Amazon Kinesis: PutRecord, PartitionKey

_LONG_PARTITION_KEY = FailureKind(
    "PartitionKeyPath finds a value of more than 256 characters.",
    "1 validation error detected: Value '{key}' at 'partitionKey' failed to satisfy "
    "constraint: Member must have length less than or equal to 256",
)


def _put_record(sending: Sending) -> Request | Failure:
    """A record. The key is what PartitionKeyPath finds, as JSON with its quotes, `{}` if nothing;
    without a path it is `<event id>_<uuid>` (captured).
    """
    path = sending.block("KinesisParameters").get("PartitionKeyPath")
    if path is None:
        key = f"{sending.envelope['id']}_{sending.unique}"
    else:
        parsed = paths.parse(path)
        found = parsed.find(sending.envelope) if parsed is not None else None
        key = "{}" if found is None or found is msgspec.UNSET else jsontext.emit(found)
    if len(key) > _PARTITION_KEY_CHARS_MAX:
        return _LONG_PARTITION_KEY.because(key=key)
    return {
        "Action": "PutRecord",
        "StreamName": sending.name,
        "Data": sending.text,
        "PartitionKey": key,
    }


SERVICE = Service(
    (
        TargetKind(
            "Kinesis stream",
            "kinesis",
            "stream/NAME",
            "required",
            _put_record,
            Example(
                "stream/orders",
                {
                    "KinesisParameters": {"PartitionKeyPath": "$.detail.customer"},
                    "InputPath": "$.detail",
                },
            ),
            block="KinesisParameters",
            fails_with=("KinesisParameters",),
            payload_bytes_max=1024 * KIB,  # Amazon Kinesis: PutRecord
            cross_account=True,
        ),
    ),
    (_LONG_PARTITION_KEY,),
)
