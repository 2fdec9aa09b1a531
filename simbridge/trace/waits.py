"""What a delivery to an API destination has waited for: its rate limit, and the authorization of its connection."""

from __future__ import annotations

from collections.abc import Container
from typing import final

from simbridge.base import clock
from simbridge.kernel import Entry
from simbridge.model.http_messages import Authorize, Authorized
from simbridge.model.messages import Due, Expire, Match, Message, Outcome

__all__ = ["Waits"]


_KINDS = frozenset((Authorize, Authorized, Due, Expire, Outcome))


@final
class Waits:
    """Reads the records of some deliveries in order, and says in words what they have waited for."""

    def __init__(self, deliveries: Container[int]) -> None:
        self._deliveries = deliveries
        self._since: dict[int, int] = {}
        self._paced_us: dict[int, int] = {}
        self._tokens: dict[int, int] = {}
        self._unauthorized: dict[int, str] = {}
        self._asked: dict[tuple[int, int], int] = {}

    def read(self, entry: Entry) -> None:
        """Read the next record."""
        time, sequence, _, _, _, message = entry
        if type(message) is Match:
            if sequence in self._deliveries:
                self._since[sequence] = time
        elif type(message) in _KINDS and message.delivery in self._deliveries:
            self._read(message, time)

    def _read(self, message: Message, time: int) -> None:
        match message:
            case Due(delivery, _, _, True):
                waited = time - self._since.get(delivery, time)
                self._paced_us[delivery] = self._paced_us.get(delivery, 0) + waited
            case Due(delivery) | Outcome(delivery):
                self._since[delivery] = time
                if isinstance(message, Outcome) and message.error is None:
                    self._unauthorized.pop(delivery, None)  # the connection is back
            case Authorize(delivery, attempt):
                self._asked[delivery, attempt] = time
            case Authorized(delivery, attempt, None):
                waited = time - self._asked.get((delivery, attempt), time)
                self._tokens[delivery] = self._tokens.get(delivery, 0) + waited
            case Authorized(delivery, _, str(), text):
                self._unauthorized[delivery] = text or ""
            case Expire(delivery, _, True):
                waited = time - self._since.get(delivery, time)
                self._paced_us[delivery] = self._paced_us.get(delivery, 0) + waited

    def remarks(self, delivery: int) -> list[str]:
        """What the delivery has waited for, one remark for each cause."""
        found = []
        if delivery in self._paced_us:
            waited = clock.elapsed(self._paced_us[delivery])
            found.append(f"waited {waited} for the rate limit of the API destination")
        if delivery in self._tokens:
            waited = clock.elapsed(self._tokens[delivery])
            found.append(f"waited {waited} for a new token of the connection")
        if delivery in self._unauthorized:
            found.append(self._unauthorized[delivery])
        return found
