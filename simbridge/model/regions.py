"""Quotas that differ from region to region.

The page of autumn 2026 (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html) names
the regions below, and gives one more number for every other.
"""

from __future__ import annotations

__all__ = ["OTHER_REGIONS", "RATES", "RULES_PER_BUS", "RULES_PER_BUS_ELSEWHERE"]

RATES: dict[str, tuple[int, int]] = {
    "us-east-1": (10_000, 18_750),
    "us-west-2": (10_000, 18_750),
    "eu-west-1": (10_000, 18_750),
    "us-east-2": (2_400, 4_500),
    "eu-central-1": (2_400, 4_500),
    "eu-south-2": (2_400, 4_500),
    "us-west-1": (1_200, 2_250),
    "ap-northeast-1": (1_200, 2_250),
    "ap-southeast-1": (1_200, 2_250),
    "ap-southeast-2": (1_200, 2_250),
    "eu-west-2": (1_200, 2_250),
    "ap-east-1": (600, 1_100),
    "ap-northeast-2": (600, 1_100),
    "ap-south-1": (600, 1_100),
    "ca-central-1": (600, 1_100),
    "eu-north-1": (600, 1_100),
    "eu-west-3": (600, 1_100),
    "sa-east-1": (600, 1_100),
    "af-south-1": (400, 750),
    "ap-northeast-3": (400, 750),
    "ap-southeast-3": (400, 750),
    "eu-south-1": (400, 750),
}
"""PutEvents requests and invocations per second, by region."""

OTHER_REGIONS = (400, 750)
"""The same for every region that `RATES` does not name."""

RULES_PER_BUS: dict[str, int] = {"af-south-1": 100, "eu-south-1": 100}
"""Rules on one event bus, by region."""

RULES_PER_BUS_ELSEWHERE = 300
"""The same for every region that `RULES_PER_BUS` does not name."""
