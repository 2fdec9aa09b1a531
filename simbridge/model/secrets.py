"""The secrets of connections: the one place that holds them.

AWS keeps the credentials of a connection in a secret of Secrets Manager that belongs to EventBridge
(fidelity 9.3). Here the texts of these secrets are in one object of a world. Messages, resources and
answers have the ARN of a secret and nothing of its content, so that no trace, no error and no `repr`
can show it. A pickle of a world holds everything, hence this, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

__all__ = ["Authorization", "Secrets"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Authorization:
    """What a connection adds to requests: headers, query string, fields of the body.

    `number` tells one token of a connection from the next. Once `fresh_until_us` has passed, a new
    token is wanted before the next request; None is for ever. `parameter_bytes` is the size of the
    connection's own parameters, which count with the payload.
    """

    number: int
    headers: dict[str, str]
    query: dict[str, str]
    body: dict[str, str]
    fresh_until_us: int | None = None
    parameter_bytes: int = 0

    def is_fresh(self, now: int) -> bool:
        """Whether requests can be sent with it at an instant."""
        return self.fresh_until_us is None or now < self.fresh_until_us

    def __deepcopy__(self, memo: object) -> Authorization:
        return self

    def __repr__(self) -> str:
        return f"<Authorization {self.number}>"


@final
class Secrets:
    """Texts of secrets by ARN, and what connections that are authorized add to requests."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._authorizations: dict[str, Authorization] = {}

    @classmethod
    def of(cls, shared: dict[str, Any]) -> Secrets:
        """The secrets of a world, from the plain data its actors share (`Kernel.shared`)."""
        secrets: Secrets = shared.setdefault("secrets", cls())
        return secrets

    def put(self, arn: str, text: str) -> None:
        """Keep the text of a secret, in place of an earlier one."""
        self._texts[arn] = text

    def text(self, arn: str) -> str | None:
        """The text of a secret; None if there is none of this ARN."""
        return self._texts.get(arn)

    def remove(self, arn: str) -> None:
        """Forget a secret."""
        self._texts.pop(arn, None)

    def authorize(self, connection: str, authorization: Authorization) -> None:
        """From now on the connection of this ARN adds this to requests."""
        self._authorizations[connection] = authorization

    def authorization(self, connection: str) -> Authorization | None:
        """What the connection of this ARN adds to requests; None if it is not authorized."""
        return self._authorizations.get(connection)

    def revoke(self, connection: str) -> None:
        """The connection of this ARN is not authorized any more."""
        self._authorizations.pop(connection, None)

    def __repr__(self) -> str:
        return f"<Secrets {len(self._texts)} texts>"
