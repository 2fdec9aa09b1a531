"""The numbers of connections and API destinations, part of `LIMITS` (`limits`)."""

from __future__ import annotations

from simbridge.model.limit import GUIDE, QUOTAS, STACKD, Limit

__all__ = ["CONNECTION_LIMITS"]

CONNECTION_LIMITS: dict[str, Limit] = {
    "connections": Limit(3_000, "connections of an account in a region", QUOTAS),
    "private_connections": Limit(
        20, "connections of an account in a region to something in a private network", QUOTAS
    ),
    "private_connections_connect": Limit(
        1,
        "1: connections to private networks become ACTIVE; 0: FAILED_CONNECTIVITY",
        "invented: simbridge simulates no networks",
        "0 or 1",
    ),
    "connection_connecting_us": Limit(
        0,
        "until a private connection is connected",
        f"up to several minutes ({GUIDE}/eb-target-connection-states.html); the number is invented",
        "µs",
        120_000_000,
    ),
    "connection_authorizing_us": Limit(
        0,
        "until an OAuth connection requests its first token",
        "within a few hundred ms it was known that there is no endpoint "
        f"({STACKD}/connection_oauth_secret.json)",
        "µs",
        200_000,
    ),
    "connection_token_attempts": Limit(
        3,
        "token requests that may fail one after the other before a connection is DEAUTHORIZED",
        "invented: AWS does not say",
    ),
    "connection_token_retry_s": Limit(
        30,
        "between a token request that has failed and the next one",
        "invented: AWS does not say",
        "seconds",
    ),
    "connection_token_margin_s": Limit(
        60,
        "before a token expires that it is replaced by the request that wants to use it",
        f"'about to expire', {GUIDE}/eb-target-connection-auth.html; the number is believed",
        "seconds",
    ),
    "connection_deauthorizing_us": Limit(
        0,
        "a connection is DEAUTHORIZING",
        f"after 0.4 s it still was, after 1 s it was not any more ({STACKD}/connections.json)",
        "µs",
        1_000_000,
    ),
    "connection_deleting_us": Limit(
        0,
        "a connection is DELETING",
        f"gone within 2.3 s ({STACKD}/connections.json)",
        "µs",
        2_000_000,
    ),
    "api_destinations": Limit(3_000, "API destinations of an account in a region", QUOTAS),
    "api_destination_invocations_per_second": Limit(
        300,
        "invocations of one API destination; also the most that InvocationRateLimitPerSecond can be",
        f"captured answers of the service; {QUOTAS}",
        "a second",
    ),
    "api_destination_retries_401_407_409": Limit(
        1,
        "1: a delivery whose endpoint answers 401, 407 or 409 is retried; 0: it is given up",
        f"{GUIDE}/eb-api-destinations.html says 1; the guide of February 2023 said 0",
        "0 or 1",
    ),
}
