"""The handle of an archive: what is in it, and the way to load real events into it.

DescribeArchive shows what AWS shows, minutes late. A handle shows what is there now. It has no state of its
own: it reads the archive's actor, and loads events by a message (`Loaded`), so that loading is ordered and
recorded like everything else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, final

from simbridge.actors.archive import ArchiveActor
from simbridge.api.plane import ControlPlane
from simbridge.base import checks, clock, json
from simbridge.base.clock import Instant
from simbridge.base.errors import InvalidEvents, InvalidLine, SimbridgeError
from simbridge.base.printable import printable
from simbridge.kernel import Kernel
from simbridge.languages.pattern import Matcher
from simbridge.model.event_size import archived_size
from simbridge.model.resources import Archive
from simbridge.model.state_messages import Loaded
from simbridge.storage.event_files import Errors, check_errors, scan
from simbridge.storage.events import EventStorage
from simbridge.world.actor_factory import ActorFactory
from simbridge.world.clients import Clients

__all__ = ["ArchiveHandle", "ArchiveLoad", "open_archive"]


@final
class ArchiveLoad(NamedTuple):
    """The result of loading a file.

    `kept` events are in the archive. `left_out` events would not have been archived, because the pattern
    does not match or because they were replayed. `bad` are the lines that are not events.
    """

    kept: int
    left_out: int
    bad: tuple[InvalidLine, ...]


def open_archive(
    kernel: Kernel,
    plane: ControlPlane,
    factory: ActorFactory,
    clients: Clients,
    place: tuple[str, str],
    name: str,
) -> ArchiveHandle:
    """The handle of the archive of this name; `place` is its account and region (`World.archive`)."""
    account, region = place
    checks.text(name, "the name of an archive")
    with kernel.hold():
        entry = plane.store(account, region).archives.get(name)
    if entry is None:
        raise SimbridgeError(
            f"there is no archive {name!r} in {region} of account {account}: make it first, with "
            'world.client("events").create_archive(...)'
        )
    arn = entry.archive.arn
    with kernel.hold():
        actor = factory.archive(arn)
    settled = partial(plane.propagation.settled_us, arn)
    return ArchiveHandle(kernel, clients.caller, entry.archive, actor, settled)


@final
class ArchiveHandle:
    """An archive of a world (`World.archive`)."""

    def __init__(
        self,
        kernel: Kernel,
        caller: Callable[[], tuple[str, int]],
        archive: Archive,
        actor: ArchiveActor,
        settled_us: Callable[[], int],
    ) -> None:
        self._kernel = kernel
        self._caller = caller
        self._archive = archive
        self._actor = actor
        self._settled_us = settled_us

    @property
    def arn(self) -> str:
        """The ARN of the archive."""
        return self._archive.arn

    @property
    def event_count(self) -> int:
        """How many events can be replayed now or later: without the lag of DescribeArchive."""
        return self._actor.count(self._kernel.now)

    def events(
        self, from_: Instant | None = None, until: Instant | None = None
    ) -> Iterator[dict[str, Any]]:
        """The envelopes with a time in [from_, until), by hour, then in the order of their arrival."""
        from_us = clock.EARLIEST if from_ is None else clock.instant(from_)
        until_us = clock.LATEST + 1 if until is None else clock.instant(until)
        for stored in self._actor.held(self._kernel.now, from_us, until_us):
            yield stored.envelope()

    def load(self, path: str | os.PathLike[str], *, errors: Errors = "raise") -> ArchiveLoad:
        """Put the events of a file into the archive, as the past of its bus.

        The file has JSON Lines of EventBridge envelopes or CloudTrail's `Records`, and may be compressed
        with gzip. Each event counts as ingested at its own time, or now if that is in the future. Events that
        the archive's pattern does not match are left out and counted.

        Raises `InvalidEvents`, which lists every line that is not an event, and then loads nothing. With
        `errors="collect"` it loads the rest, and the result has the bad lines.
        """
        check_errors(errors)
        staged = EventStorage(self._actor.memory_bytes, self._archive.name)
        matches = _filter(self._archive.event_pattern)
        content = hashlib.sha256()
        bad: list[InvalidLine] = []
        left_out = 0
        for found in scan(path):
            if isinstance(found, InvalidLine):
                bad.append(found)
                continue
            envelope = found[1]
            if not matches(envelope):
                left_out += 1
                continue
            content.update(json.encode(envelope))
            ingested_us = min(clock.event_time(envelope["time"]), self._kernel.now)
            staged.add(envelope, ingested_us, archived_size(envelope))
            staged.spill()
        if bad and errors == "raise":
            raise InvalidEvents(os.fspath(path), bad)
        loaded = Loaded(staged.events, staged.size_bytes, content.hexdigest())
        with self._kernel.hold():
            self._actor.staged.append(staged)
            sender, cause = self._caller()
            late_us = max(
                0, self._settled_us() - self._kernel.now
            )  # the archive may not have taken effect yet
            self._kernel.send(sender, self.arn, loaded, after=late_us, cause=cause)
        return ArchiveLoad(staged.events, left_out, tuple(bad))

    def __repr__(self) -> str:
        return f"<archive {printable(self.arn)}>"


def _filter(text: str | None) -> Callable[[dict[str, Any]], bool]:
    """Whether an archive with this pattern keeps an event; it never keeps replayed ones."""
    matcher = Matcher({"": text} if text is not None else {})

    def matches(envelope: dict[str, Any]) -> bool:
        if "replay-name" in envelope:
            return False
        return text is None or bool(matcher.match_parsed(envelope))

    return matches
