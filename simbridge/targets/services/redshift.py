"""Amazon Redshift: statements are executed by the Data API, on a cluster or a serverless workgroup."""

from __future__ import annotations

from simbridge.targets.failures import EMPTY_VALUE, MISSING_BLOCK, Failure
from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import ALWAYS, Block, Example, Service, TargetKind

__all__ = ["SERVICE"]


def _execute(sending: Sending) -> Request | Failure:
    """A statement, or several."""
    block = sending.block("RedshiftDataParameters", dynamic=True)
    if not block:
        return MISSING_BLOCK.because(name="RedshiftDataParameters")
    place = (
        "WorkgroupName" if sending.target.service == "redshift-serverless" else "ClusterIdentifier"
    )
    several = "Sqls" in block
    request: Request = {
        "Action": "BatchExecuteStatement" if several else "ExecuteStatement",
        place: sending.name,
    }
    for name, value in block.items():
        if value in ("", []):
            return EMPTY_VALUE.because(name=name)
        request["SecretArn" if name == "SecretManagerArn" else name] = value
    return request


def _check(target_id: str, target_arn: str, block: Block) -> str | None:
    """One form of statement, one form of login. How the two texts go on was not recorded.

    The API documentation of 2022, which lacks `Sqls`, has `Sql` required; so one of the two is.
    """
    if ("Sql" in block) == ("Sqls" in block):
        return "Either RedshiftDataParameters.sql or RedshiftDataParameters.sqls"
    if "DbUser" in block and "SecretManagerArn" in block:
        return "Either RedshiftDataParameters.dBUser or RedshiftDataParameters.secretManagerArn"
    return None


SERVICE = Service(
    (
        TargetKind(
            "Redshift cluster",
            "redshift",
            "cluster:NAME",
            "required",
            _execute,
            Example(
                "cluster:stock",
                {
                    "RedshiftDataParameters": {
                        "Database": "shop",
                        "DbUser": "events",
                        "Sql": "call refresh()",
                        "StatementName": "$.detail-type",
                    }
                },
            ),
            block="RedshiftDataParameters",
            check=_check,
            default="nothing",
            fails_with=ALWAYS,
        ),
        TargetKind(
            "Redshift workgroup",
            "redshift-serverless",
            "workgroup/NAME",
            "required",
            _execute,
            Example(
                "workgroup/stock",
                {"RedshiftDataParameters": {"Database": "shop", "Sqls": ["call a()", "call b()"]}},
            ),
            block="RedshiftDataParameters",
            check=_check,
            default="nothing",
            fails_with=ALWAYS,
        ),
    )
)
